"""What the parser takes and refuses before any work begins."""

import pytest


@pytest.mark.parametrize(
    "line",
    [
        ("gallery", "export", "out", "--format", "xml"),
        ("gallery", "import", "in.pfgallery", "--on-conflict", "eat"),
        ("gallery", "import"),
        ("models", "use"),
        ("models", "rollback", "tiny"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused(cli, home, line) -> None:
    said = cli(*line)
    assert said.code == 2
    assert "--help" in said.err
    assert not (home / "gallery.sqlite").exists()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (("gallery", "export"), "POCKETFACE_ARCHIVE_PASSPHRASE"),
        (("gallery", "import"), "people undo"),
        (("models", "use"), "goes on where it was"),
    ],
)
def test_the_help_says_what_scripts_and_the_hasty_need(cli, line, words) -> None:
    assert words in " ".join(cli(*line, "--help").out.split())
