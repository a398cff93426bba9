"""A missing system library is named together with its package."""

import pytest

from app.cli.libraries import library_error

ABSENT = "{}: cannot open shared object file: No such file or directory"


@pytest.mark.parametrize(
    ("library", "package"),
    [("libGL.so.1", "apt-get install libgl1"), ("libodd.so.7", "contains libodd.so.7")],
)
def test_the_library_and_the_way_to_get_it_are_named(library: str, package: str) -> None:
    error = library_error(ImportError(ABSENT.format(library)), "This command")
    assert error is not None
    assert error.sentence.startswith(f"This command needs the system library {library}")
    assert package in error.sentence


@pytest.mark.parametrize("words", ["No module named 'torch'", "DLL load failed", ""])
def test_other_failures_are_not_taken_for_one(words: str) -> None:
    assert library_error(ImportError(words), "This command") is None
