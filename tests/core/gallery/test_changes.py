from datetime import UTC, datetime

import pytest

from core.domain.event import EventKind
from core.domain.history import EntryKind
from core.domain.template import ReferenceId, SubjectId, Template
from core.errors import SubjectExistsError
from core.gallery.changes import Changes, Picture
from core.gallery.sqlite_gallery import SqliteGallery
from tests.core.gallery.conftest import OpenGallery
from tests.fakes.captures import MODEL, OTHER_MODEL, make_capture


@pytest.fixture
def gallery(open_gallery: OpenGallery) -> SqliteGallery:
    return open_gallery()


def picture(seed: int) -> Picture:
    """Known to two models."""
    return Picture(
        templates=[
            Template(make_capture(seed, model=model).embedding.vector, model)
            for model in (MODEL, OTHER_MODEL)
        ],
        quality=70,
        source="import",
        aligned=make_capture(seed).aligned,
        enrolled_at=datetime(2020, 1, 1, tzinfo=UTC),
    )


def test_many_subjects_are_one_entry_with_ids_and_times_of_their_own(
    gallery: SqliteGallery,
) -> None:
    subject_id, reference_id = SubjectId("a" * 32), ReferenceId("b" * 32)
    with gallery.store.writing() as session:
        changes = Changes(session, gallery.store.secrets)
        anna = changes.add_subject("Anna", subject_id=subject_id)
        changes.add_picture(anna, picture(1), reference_id)
        bob = changes.add_subject("Bob", enrolled_at=datetime(2019, 1, 1, tzinfo=UTC))
        changes.add_picture(bob, picture(2))
        changes.finish(EntryKind.IMPORTED, EventKind.IMPORTED, count=2)

    assert gallery.find("Anna").subject_id == subject_id
    assert gallery.references(MODEL, subject_id)[0].reference_id == reference_id
    assert len(gallery.references(OTHER_MODEL)) == 2
    assert gallery.find("Bob").enrolled_at == datetime(2019, 1, 1, tzinfo=UTC)
    [entry] = gallery.history()
    assert (entry.kind, entry.subjects) == ("imported", ("Anna", "Bob"))

    gallery.undo()

    assert gallery.subjects() == ()


def test_a_replaced_subject_comes_back_with_all_templates(gallery: SqliteGallery) -> None:
    with gallery.store.writing() as session:
        changes = Changes(session, gallery.store.secrets)
        changes.add_picture(changes.add_subject("Anna", "old"), picture(1))
        changes.finish(EntryKind.IMPORTED, EventKind.IMPORTED)
    before = gallery.find("Anna")

    with gallery.store.writing() as session:
        changes = Changes(session, gallery.store.secrets)
        changes.hide(changes.open(before.subject_id).row)
        changes.add_picture(changes.add_subject("ANNA", "new"), picture(2))
        changes.finish(EntryKind.IMPORTED, EventKind.IMPORTED)
    assert [subject.note for subject in gallery.subjects()] == ["new"]

    gallery.undo()

    assert gallery.subjects() == (before,)
    assert len(gallery.references(MODEL)) == len(gallery.references(OTHER_MODEL)) == 1


def test_a_removed_picture_comes_back_with_templates_and_crop(gallery: SqliteGallery) -> None:
    anna = gallery.enrol("Anna", [make_capture(1), make_capture(2)])
    kept, removed = gallery.references(MODEL)

    new = gallery.split(anna.subject_id, [removed.reference_id], "Bea")
    gallery.undo()

    back = {one.reference_id: one for one in gallery.references(MODEL, anna.subject_id)}
    assert set(back) == {kept.reference_id, removed.reference_id}
    assert (back[removed.reference_id].template.vector == removed.template.vector).all()
    assert gallery.crop(removed.reference_id) is not None
    assert new.name not in [subject.name for subject in gallery.subjects()]


def test_a_change_that_fails_leaves_nothing(gallery: SqliteGallery) -> None:
    gallery.enrol("Bob", [make_capture()])

    def change() -> None:
        with gallery.store.writing() as session:
            changes = Changes(session, gallery.store.secrets)
            changes.add_picture(changes.add_subject("Anna"), picture(1))
            changes.add_subject("BOB")

    with pytest.raises(SubjectExistsError):
        change()

    assert [subject.name for subject in gallery.subjects()] == ["Bob"]
    assert len(gallery.history()) == 1
