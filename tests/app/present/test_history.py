from datetime import UTC, date, datetime

import pytest

from app.present.history import (
    certificate_sentences,
    entry_words,
    key_sentences,
    preview_sentences,
)
from core.domain.erasure import ErasureCertificate
from core.domain.history import (
    ChangePreview,
    EntryKind,
    HistoryEntry,
    SubjectChange,
    SubjectState,
)
from core.domain.key_change import KeyChange
from core.domain.template import SubjectId

NOW = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)


def entry(kind: str, *names: str) -> HistoryEntry:
    return HistoryEntry(1, NOW, kind, names, None, complete=True)


@pytest.mark.parametrize("kind", [kind for kind in EntryKind if kind is not EntryKind.UNDONE])
def test_every_kind_of_change_has_words_with_the_name(kind: EntryKind) -> None:
    words = entry_words(entry(kind, "Anna"))

    assert words.endswith("Anna")
    assert words[0].isupper()


def test_many_names_are_counted_and_erased_ones_described() -> None:
    assert entry_words(entry("merged", "Anna", "Bob")) == "Merged Anna and Bob"
    many = entry_words(entry("imported", *(f"Person {number}" for number in range(9))))
    assert many == "Imported Person 0, Person 1, Person 2 and 6 more"
    assert "erased since" in entry_words(entry("enrolled"))
    assert entry_words(entry("from_the_future", "Anna")) == "from_the_future"


def state(name: str = "Anna", references: int = 2, *, enrolled: bool = True) -> SubjectState:
    return SubjectState(name, "", enrolled, references)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (None, state(), "Anna is enrolled with 2 pictures."),
        (state(enrolled=False), state(references=1), "Anna is enrolled with 1 picture."),
        (state(), state(enrolled=False), "Anna is no longer enrolled."),
        (state(), state("Bea"), "Anna is called Bea."),
        (state(), state(references=5), "Anna has 5 pictures instead of 2."),
        (state(), state("Bea", 1), "Anna is called Bea and has 1 picture instead of 2."),
        (state(), state(), "Anna has other notes."),
        (
            state(),
            SubjectState("Anna", "", True, 2, "", date(2030, 1, 1)),
            "Anna is kept until 2030-01-01.",
        ),
        (
            SubjectState("Anna", "", True, 2, "", date(2030, 1, 1)),
            state(),
            "Anna is kept without a last day.",
        ),
    ],
)
def test_what_changes_for_a_person_is_one_sentence(
    before: SubjectState | None, after: SubjectState, words: str
) -> None:
    preview = ChangePreview(1, "renamed", (SubjectChange(SubjectId("s"), before, after),))

    assert preview_sentences(preview) == (words,)


def certificate(*, log_empty: bool = True, left: tuple[str, ...] = ()) -> ErasureCertificate:
    return ErasureCertificate(NOW, (SubjectId("s"),), 2, 1, 3, 12, "9f" * 32, log_empty, 1, left)


def test_a_certificate_says_what_was_destroyed_and_what_was_not() -> None:
    whole = " ".join(certificate_sentences(certificate()))
    assert "2 references, 1 picture and 3 entries" in whole
    assert "12, " + "9f" * 32 in whole
    assert "elsewhere" in whole

    partly = " ".join(certificate_sentences(certificate(log_empty=False, left=("old.sqlite",))))
    assert "old.sqlite" in partly
    assert "Another program" in partly


def test_a_key_change_says_where_the_key_is_and_what_stayed() -> None:
    moved = KeyChange("a key file", "the system key ring", True, False, ())
    assert key_sentences(moved) == ("The gallery has a new key; it lies in the system key ring.",)
    left = KeyChange("a key file", "a passphrase", False, True, ("old.sqlite",))
    words = " ".join(key_sentences(left))
    assert "new passphrase" in words
    assert "could not be removed from a key file" in words
    assert "old.sqlite" in words
    assert "wrapped anew" in words
