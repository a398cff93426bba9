"""Any sequence of requests has the same outcome on the disk as in the simple fake."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core.domain.template import Subject, SubjectId
from core.errors import PocketfaceError
from core.gallery.sqlite_gallery import SqliteGallery
from core.ports import Gallery
from core.settings import locate_folders
from tests.fakes.captures import MODEL, make_capture
from tests.fakes.gallery import MemoryGallery
from tests.fakes.key_store import MemoryKeyStore

NAMES = st.sampled_from(["Anna", "ANNA", "Bob", "Ánna", "Carl", " "])
PLACES = st.integers(0, 5)  # of a subject in the order of enrolment
UNKNOWN = SubjectId("nobody")


class TwoGalleries(RuleBasedStateMachine):
    """The same requests to both; ids differ, so subjects go by their order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.folders = locate_folders(Path(self.folder.name))
        self.key = MemoryKeyStore()
        self.disk = SqliteGallery.open(self.folders, self.key)
        self.memory = MemoryGallery()
        self.ids: list[tuple[SubjectId, SubjectId]] = []

    def teardown(self) -> None:
        self.disk.close()
        self.folder.cleanup()

    def both(self, request: Callable[[Gallery, int], object]) -> None:
        assert outcome(lambda: request(self.disk, 0)) == outcome(lambda: request(self.memory, 1))

    def subject(self, place: int, side: int) -> SubjectId:
        return self.ids[place][side] if place < len(self.ids) else UNKNOWN

    @rule(name=NAMES, captures=st.integers(1, 2))
    def enrol(self, name: str, captures: int) -> None:
        made: list[Subject] = []

        def request(gallery: Gallery, side: int) -> object:
            subject = gallery.enrol(name, [make_capture(n) for n in range(captures)], note=name)
            made.append(subject)
            return without_id(subject)

        self.both(request)
        if made:
            self.ids.append((made[0].subject_id, made[1].subject_id))

    @rule(place=PLACES)
    def add(self, place: int) -> None:
        self.both(
            lambda gallery, side: without_id(
                gallery.add_references(self.subject(place, side), [make_capture(9)])
            )
        )

    @rule(place=PLACES, name=NAMES)
    def rename(self, place: int, name: str) -> None:
        self.both(lambda gallery, side: without_id(gallery.rename(self.subject(place, side), name)))

    @rule(place=PLACES)
    def delete(self, place: int) -> None:
        self.both(lambda gallery, side: gallery.delete(self.subject(place, side)))

    @rule(place=PLACES, other=PLACES)
    def merge(self, place: int, other: int) -> None:
        self.both(
            lambda gallery, side: without_id(
                gallery.merge(self.subject(place, side), self.subject(other, side))
            )
        )

    @rule(place=PLACES)
    def erase(self, place: int) -> None:
        self.both(lambda gallery, side: len(gallery.erase(self.subject(place, side)).subjects))

    @rule()
    def reopen(self) -> None:
        self.disk.close()
        self.disk = SqliteGallery.open(self.folders, self.key)

    @invariant()
    def same_subjects_and_references(self) -> None:
        self.both(lambda gallery, side: [without_id(one) for one in gallery.subjects()])
        self.both(
            lambda gallery, side: [
                one.template.vector.tobytes() for one in gallery.references(MODEL)
            ]
        )


def without_id(subject: Subject) -> tuple[str, int, str]:
    return subject.name, subject.references, subject.note


def outcome(request: Callable[[], object]) -> object:
    try:
        return request()
    except PocketfaceError as error:
        return error.code


TestTwoGalleries = pytest.mark.slow(TwoGalleries.TestCase)
TestTwoGalleries.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
