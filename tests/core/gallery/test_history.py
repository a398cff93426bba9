"""Any sequence of changes, undone, is no change; and what is erased cannot be brought back."""

import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from core.domain.template import SubjectId
from core.errors import GalleryTamperedError, PocketfaceError, UndoImpossibleError
from core.gallery.history import GONE
from core.gallery.sqlite_gallery import SqliteGallery
from core.settings import Folders, locate_folders
from tests.core.gallery.conftest import OpenGallery
from tests.fakes.captures import MODEL, OTHER_MODEL, make_capture
from tests.fakes.key_store import MemoryKeyStore

NAMES = st.sampled_from(["Anna", "ANNA", "Bob", "Carl", "Dora"])
PLACES = st.integers(0, 4)


class Changing(RuleBasedStateMachine):
    """Changes of every kind, some undone and redone in between; at the end all is undone."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        folders = locate_folders(Path(self.folder.name))
        self.gallery = SqliteGallery.open(folders, MemoryKeyStore())

    @initialize(people=st.integers(0, 3))
    def begin(self, people: int) -> None:
        for number in range(people):
            captures = [make_capture(number), make_capture(9, model=OTHER_MODEL)]
            self.gallery.enrol(f"Person {number}", captures, "note", "yes", date(2030, 1, 1))
        self.gallery.forget(datetime.now(UTC) + timedelta(hours=1))
        self.start = everything(self.gallery)

    def subject(self, place: int) -> SubjectId:
        people = self.gallery.subjects()
        return people[place].subject_id if place < len(people) else SubjectId("nobody")

    def attempt(self, change: Callable[[], object]) -> None:
        before = glance(self.gallery)
        try:
            change()
        except PocketfaceError:
            assert glance(self.gallery) == before

    @rule(name=NAMES, seed=st.integers(0, 3))
    def enrol(self, name: str, seed: int) -> None:
        self.attempt(lambda: self.gallery.enrol(name, [make_capture(seed)], name))

    @rule(place=PLACES, seed=st.integers(0, 3))
    def add(self, place: int, seed: int) -> None:
        self.attempt(lambda: self.gallery.add_references(self.subject(place), [make_capture(seed)]))

    @rule(place=PLACES, name=NAMES)
    def rename(self, place: int, name: str) -> None:
        self.attempt(lambda: self.gallery.rename(self.subject(place), name))

    @rule(place=PLACES, day=st.none() | st.dates())
    def set_terms(self, place: int, day: date | None) -> None:
        self.attempt(lambda: self.gallery.set_terms(self.subject(place), "other", day))

    @rule(into=PLACES, other=PLACES)
    def merge(self, into: int, other: int) -> None:
        self.attempt(lambda: self.gallery.merge(self.subject(into), self.subject(other)))

    @rule(place=PLACES, count=st.integers(0, 3), name=NAMES)
    def split(self, place: int, count: int, name: str) -> None:
        own = [
            reference.reference_id
            for reference in self.gallery.references(MODEL)
            if reference.subject_id == self.subject(place)
        ]
        self.attempt(lambda: self.gallery.split(self.subject(place), own[:count], name))

    @rule(place=PLACES)
    def delete(self, place: int) -> None:
        self.attempt(lambda: self.gallery.delete(self.subject(place)))

    @rule()
    def undo(self) -> None:
        self.attempt(self.gallery.undo)

    @rule(number=st.integers(1, 12))
    def undo_any(self, number: int) -> None:
        self.attempt(lambda: self.gallery.undo(number))

    @rule()
    def redo(self) -> None:
        self.attempt(self.gallery.redo)

    @rule()
    def preview(self) -> None:
        before = glance(self.gallery)
        self.attempt(self.gallery.preview_undo)
        assert glance(self.gallery) == before

    def teardown(self) -> None:
        try:
            while any(entry.undone_at is None for entry in self.gallery.history()):
                self.gallery.undo()
            assert everything(self.gallery) == self.start
            assert self.gallery.damaged() == ()
        finally:
            self.gallery.close()
            self.folder.cleanup()


def glance(gallery: SqliteGallery) -> object:
    """What can be seen without opening pictures, which takes most of the time."""
    return gallery.subjects(), {one.reference_id for one in gallery.references(MODEL)}


def everything(gallery: SqliteGallery) -> object:
    """All that a caller can see of the people."""
    references = {
        (one.reference_id, one.subject_id, one.template.vector.tobytes(), one.source, one.quality)
        for model in (MODEL, OTHER_MODEL)
        for one in gallery.references(model)
    }
    crops = {
        one.reference_id: None
        if (crop := gallery.crop(one.reference_id)) is None
        else crop.pixels.sum()
        for one in gallery.references(MODEL)
    }
    return gallery.subjects(), references, crops


TestChanging = pytest.mark.slow(Changing.TestCase)
TestChanging.settings = settings(max_examples=20, stateful_step_count=12, deadline=None)


def test_all_kinds_of_change_undone_are_no_change(open_gallery: OpenGallery) -> None:
    """One walk through every kind, for runs without the slow tests."""
    gallery = open_gallery()
    anna = gallery.enrol("Anna", [make_capture(1), make_capture(2)]).subject_id
    gallery.forget(datetime.now(UTC) + timedelta(hours=1))
    start = everything(gallery)
    bob = gallery.enrol("Bob", [make_capture(3)]).subject_id
    gallery.rename(anna, "Bea")
    gallery.merge(anna, bob)
    own = gallery.references(MODEL, anna)
    gallery.split(anna, [own[0].reference_id], "Bob")
    gallery.set_terms(anna, "yes", date(2030, 1, 1))
    gallery.add_references(anna, [make_capture(4)])
    gallery.delete(anna)

    for _ in range(7):
        gallery.undo()

    assert everything(gallery) == start


def test_an_altered_entry_is_named_and_changes_nothing(
    open_gallery: OpenGallery, folders: Folders
) -> None:
    gallery = open_gallery()
    gallery.rename(gallery.enrol("Anna", [make_capture()]).subject_id, "Bea")
    with closing(sqlite3.connect(folders.gallery_file)) as raw, raw:
        [(part, sealed)] = raw.execute(
            "SELECT number, sealed_before FROM journal_parts WHERE sealed_before IS NOT NULL"
        )
        altered = sealed[:-1] + bytes([sealed[-1] ^ 1])
        raw.execute("UPDATE journal_parts SET sealed_before = ? WHERE number = ?", (altered, part))

    with pytest.raises(GalleryTamperedError, match=f"journal_parts/{part}"):
        gallery.undo()

    assert [subject.name for subject in gallery.subjects()] == ["Bea"]
    assert gallery.damaged() == (f"journal_parts/{part}",)


def test_what_is_remembered_survives_closing_and_new_keys_of_people(
    open_gallery: OpenGallery,
) -> None:
    gallery = open_gallery()
    gallery.rename(gallery.enrol("Anna", [make_capture()]).subject_id, "Bea")
    gallery.close()

    again = open_gallery()
    again.undo()

    assert [subject.name for subject in again.subjects()] == ["Anna"]


def test_what_would_be_brought_back_after_an_erasure_is_refused(open_gallery: OpenGallery) -> None:
    gallery = open_gallery()
    anna = gallery.enrol("Anna", [make_capture(1), make_capture(2)])
    first, _ = gallery.references(MODEL)
    new = gallery.split(anna.subject_id, [first.reference_id], "Bea")
    gallery.undo()
    gallery.redo()

    gallery.erase(new.subject_id)

    with pytest.raises(UndoImpossibleError, match=GONE):
        gallery.undo()
    assert gallery.find("Anna").references == 1


def test_a_redo_is_refused_once_something_else_was_done(open_gallery: OpenGallery) -> None:
    gallery = open_gallery()
    anna = gallery.enrol("Anna", [make_capture()]).subject_id
    gallery.rename(anna, "Bea")
    gallery.undo()
    gallery.rename(anna, "Cleo")

    with pytest.raises(UndoImpossibleError, match="later"):
        gallery.redo()

    assert [subject.name for subject in gallery.subjects()] == ["Cleo"]
