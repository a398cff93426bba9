"""The parser's complaints become sentences that say where the help is."""

import pytest
import typer

from app.cli.root import call, make_root
from core.errors import Cancelled, UsageError
from tests.app.cli.lines import HEADLESS


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["fly"], "No such command 'fly'"),
        (["people"], "pocketface people --help"),
        (["verify"], "pocketface verify --help"),
        (["people", "list", "--odd"], "--odd"),
    ],
)
def test_a_line_that_cannot_be_understood_points_to_the_help(line, words) -> None:
    with pytest.raises(UsageError) as caught:
        call(line, HEADLESS, {})
    assert words in caught.value.sentence
    assert caught.value.sentence.endswith("--help`.")
    assert "\n" not in caught.value.sentence


def test_giving_up_at_a_question_is_no_fault(monkeypatch) -> None:
    from app.cli import schema  # noqa: PLC0415

    def aborted() -> None:
        raise typer.Abort

    monkeypatch.setattr(schema, "list_schemas", aborted)
    with pytest.raises(Cancelled):
        call(["schema"], HEADLESS, {})


def test_every_global_option_is_explained(capsys) -> None:
    assert call(["--help"], HEADLESS, {}) == 0
    out = capsys.readouterr().out
    assert all(option in out for option in ("--json", "--data-dir", "--model", "--fmr"))
    assert make_root().registered_callback is not None
