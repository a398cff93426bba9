"""Live attempts that fail are held up, across commands; files never are."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.cli.specimen import specimen
from core.domain.frame import Frame
from tests.app.cli.lines import Said, enrolled


class Standing:
    """A camera with one person before it, twelve frames long."""

    identity = "held"
    live = True

    def __init__(self, person: int) -> None:
        self._frames = [
            replace(specimen(person), captured_at=index / 10, index=index) for index in range(12)
        ]

    def read(self) -> Frame | None:
        return self._frames.pop(0) if self._frames else None

    def close(self) -> None:
        self._frames.clear()


@pytest.fixture
def before_camera(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Puts a person of the built-in faces before the camera of every command to come."""

    def stand(person: int) -> None:
        monkeypatch.setattr("app.cli.judging.open_source", lambda _: Standing(person))

    return stand


def attempt(cli: Callable[..., Said], *more: str) -> Said:
    return cli("verify", "Anna", *more, "--json")


def test_five_failures_hold_up_the_next_attempt_whichever_command_makes_it(
    cli, pictures, before_camera
) -> None:
    enrolled(cli, pictures)
    before_camera(1)
    codes = [attempt(cli).code for _ in range(5)]

    assert codes == [1] * 5
    said = attempt(cli)
    assert (said.code, said.document["error"]["code"]) == (3, "attempts.paused")
    assert "3 minutes" in said.document["error"]["sentence"]
    assert cli("identify").code == 3
    # Files are the operator's own, so scripts are never held up.
    assert cli("verify", "Anna", pictures / "anna.png").code == 0


def test_an_acceptance_forgets_the_failures_before_it(cli, pictures, before_camera) -> None:
    enrolled(cli, pictures)
    for turn in range(2):
        before_camera(1)
        assert [attempt(cli).code for _ in range(4)] == [1] * 4, turn
        before_camera(0)
        assert attempt(cli).code == 0


def test_the_limit_is_a_setting(cli, pictures, home, before_camera) -> None:
    enrolled(cli, pictures)
    with (home / "settings.toml").open("a", encoding="utf-8") as file:
        file.write("attempt_limit = 0\n")
    before_camera(1)

    assert [attempt(cli).code for _ in range(7)] == [1] * 7


def test_pictures_that_fail_hold_up_nobody(cli, pictures, before_camera) -> None:
    enrolled(cli, pictures)
    for _ in range(6):
        assert cli("verify", "Anna", pictures / "bruno.png").code == 1
    before_camera(0)

    assert attempt(cli).code == 0
