import os
from pathlib import Path

import pytest

from core.capture.regular import read_regular, shown, why


def test_no_more_than_asked_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")

    assert read_regular(path, 4) == b"0123"
    assert read_regular(path, 100) == b"0123456789"


def test_a_folder_a_missing_file_and_an_impossible_name_say_so(tmp_path: Path) -> None:
    for path, words in (
        (tmp_path, "it is a folder"),
        (tmp_path / "missing", "file"),
        (tmp_path / "zero\0byte", "there can be no such file"),
    ):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - the words are compared below
            read_regular(path, 10)
        assert words in why(caught.value)


def test_an_error_without_words_still_makes_a_sentence() -> None:
    assert why(OSError()) == "the system refuses it"


def test_only_the_name_is_shown_and_it_can_always_be_printed(tmp_path: Path) -> None:
    assert shown(tmp_path / "ä.png") == "ä.png"
    assert shown(Path("/")) == os.sep
    assert shown(Path(os.fsdecode(b"a\xff"))).encode("utf-8")
