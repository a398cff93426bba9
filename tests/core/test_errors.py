import pytest

from core.capture.errors import PictureUnreadableError
from core.errors import (
    FAULT_EXIT,
    UNDECIDED_EXIT,
    USAGE_EXIT,
    Cancelled,
    DegenerateLandmarksError,
    GalleryCorruptError,
    GalleryError,
    GalleryNewerError,
    GalleryTamperedError,
    GalleryUnwritableError,
    KeysMissingError,
    KeyStoreError,
    KeysWrongError,
    PocketfaceError,
    SubjectUnknownError,
)


def test_an_error_says_its_sentence_with_the_facts_in_it() -> None:
    error = SubjectUnknownError(name="Anna")

    assert str(error) == error.sentence
    assert "'Anna'" in error.sentence
    assert error.facts == {"name": "Anna"}


def test_facts_are_shown_as_they_are() -> None:
    name = "{x} {0} %s [red]"

    assert name in SubjectUnknownError(name=name).sentence


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SubjectUnknownError(name="x"), USAGE_EXIT),
        (PictureUnreadableError(path="x", reason="y"), USAGE_EXIT),
        (DegenerateLandmarksError(), UNDECIDED_EXIT),
        (GalleryUnwritableError(path="x", reason="y"), FAULT_EXIT),
    ],
)
def test_the_exit_code_tells_a_wrong_request_from_no_decision_and_a_fault(
    error: PocketfaceError, code: int
) -> None:
    assert error.exit_code == code


def test_missing_key_wrong_key_tampered_row_and_newer_version_are_four_sentences() -> None:
    errors = [
        KeysMissingError(store="a key file"),
        KeysWrongError(store="a key file"),
        GalleryTamperedError(row="references/1"),
        GalleryNewerError(path="gallery.sqlite"),
    ]

    assert len({error.sentence for error in errors}) == 4
    assert len({error.code for error in errors}) == 4


def test_a_whole_family_can_be_caught_at_once() -> None:
    assert issubclass(GalleryCorruptError, GalleryError)
    assert issubclass(KeysWrongError, KeyStoreError)
    assert issubclass(GalleryError, PocketfaceError)


def test_a_request_to_stop_is_no_error_of_ours() -> None:
    assert not issubclass(Cancelled, PocketfaceError)
