"""What the parser itself refuses, and where the commands hang."""

import pytest

from app.cli.schema import COMMANDS


@pytest.mark.parametrize(
    "line",
    [
        ("people", "undo", "newest"),
        ("people", "merge", "Anna"),
        ("gallery", "move-key", "under the mat"),
        ("gallery", "move-key"),
        ("audit", "export"),
        ("audit", "shred"),
    ],
)
def test_a_line_that_makes_no_sense_is_usage_and_makes_no_gallery(cli, home, line) -> None:
    said = cli(*line)

    assert (said.code, "Traceback" in said.err) == (2, False)
    assert not (home / "gallery.sqlite").exists()


def test_the_audit_has_a_group_of_its_own(cli) -> None:
    said = cli("--help")

    assert "audit" in said.out
    assert {name for name in COMMANDS if name.startswith("audit ")} == {
        "audit verify",
        "audit head",
        "audit export",
        "audit check-receipt",
    }
