"""Taking back, merging, splitting and erasing: one contract for the gallery and its fake."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from core.domain.template import SubjectId
from core.errors import (
    ChangeRefusedError,
    NameInvalidError,
    SubjectExistsError,
    SubjectUnknownError,
    UndoImpossibleError,
)
from core.ports import Gallery
from tests.core.test_ports import make_gallery
from tests.fakes.captures import MODEL, make_capture

NOBODY = SubjectId("nobody")


@pytest.fixture(params=["memory", "disk"])
def gallery(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gallery]:
    gallery = make_gallery(request.param, tmp_path)
    yield gallery
    gallery.close()


def names(gallery: Gallery) -> list[str]:
    return [subject.name for subject in gallery.subjects()]


def test_a_deletion_that_is_undone_leaves_everything_as_it_was(gallery: Gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture()], note="kept")
    number = gallery.delete(anna.subject_id)

    entry = gallery.undo(number)

    assert (entry.number, entry.subjects) == (number, ("Anna",))
    assert entry.undone_at is not None
    assert gallery.subjects() == (anna,)
    assert len(gallery.references(MODEL)) == 1


def test_a_name_that_was_taken_meanwhile_keeps_a_subject_from_coming_back(
    gallery: Gallery,
) -> None:
    old = gallery.enrol("Anna", [make_capture(1)])
    number = gallery.delete(old.subject_id)
    new = gallery.enrol("ANNA", [make_capture(2)])

    with pytest.raises(SubjectExistsError):
        gallery.undo(number)

    assert gallery.subjects() == (new,)


def test_what_was_deleted_before_a_day_can_be_made_final(gallery: Gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture(1)])
    bob = gallery.enrol("Bob", [make_capture(2)])
    number = gallery.delete(anna.subject_id)

    assert gallery.forget(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert gallery.forget(datetime.now(UTC) + timedelta(hours=1)) == 1

    with pytest.raises(UndoImpossibleError):
        gallery.undo(number)
    assert gallery.history() == ()
    assert gallery.subjects() == (bob,)
    assert [reference.subject_id for reference in gallery.references(MODEL)] == [bob.subject_id]


def test_undoing_goes_back_step_by_step_and_redoing_forward(gallery: Gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture(1)]).subject_id
    gallery.add_references(anna, [make_capture(2)])
    gallery.rename(anna, "Bea")
    [newest] = gallery.subjects()

    kinds = [gallery.undo().kind for _ in range(3)]

    assert kinds == ["renamed", "references_added", "enrolled"]
    assert gallery.subjects() == gallery.references(MODEL) == ()
    with pytest.raises(UndoImpossibleError):
        gallery.undo()
    assert [gallery.redo().kind for _ in range(3)] == list(reversed(kinds))
    assert gallery.subjects() == (newest,)
    with pytest.raises(UndoImpossibleError):
        gallery.redo()


def test_a_change_is_not_undone_under_a_later_one_of_the_same(gallery: Gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture(1)]).subject_id
    gallery.rename(anna, "Bea")
    first = gallery.history()[0].number
    gallery.rename(anna, "Cleo")

    with pytest.raises(UndoImpossibleError, match="later"):
        gallery.undo(first)
    gallery.undo()
    gallery.undo(first)

    assert names(gallery) == ["Anna"]


def test_changes_of_others_are_undone_in_any_order(gallery: Gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture(1)]).subject_id
    gallery.enrol("Bob", [make_capture(2)])
    gallery.rename(anna, "Bea")
    gallery.rename(gallery.find("Bob").subject_id, "Ben")

    gallery.undo(gallery.history()[1].number)

    assert names(gallery) == ["Anna", "Ben"]


def test_the_same_change_is_undone_once(gallery: Gallery) -> None:
    number = gallery.delete(gallery.enrol("Anna", [make_capture()]).subject_id)
    gallery.undo(number)

    for wrong in (number, 99):
        with pytest.raises(UndoImpossibleError):
            gallery.undo(wrong)


def test_a_merge_gives_all_pictures_to_one_and_undoing_gives_them_back(gallery: Gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture(1)], consent="on paper")
    again = gallery.enrol("Anna again", [make_capture(2)], retain_until=date(2030, 1, 1))
    before = gallery.subjects()

    merged = gallery.merge(anna.subject_id, again.subject_id)

    assert (merged.name, merged.references, merged.consent) == ("Anna", 2, "on paper")
    assert merged.retain_until == date(2030, 1, 1)
    assert gallery.subjects() == (merged,)
    owners = {one.subject_id for one in gallery.references(MODEL)}
    assert owners == {anna.subject_id}
    crops = [gallery.crop(one.reference_id) for one in gallery.references(MODEL)]
    assert all(crop is not None for crop in crops)
    number = gallery.newest_merge(anna.subject_id)
    assert number is not None

    gallery.undo(number)

    assert gallery.subjects() == before
    assert gallery.newest_merge(anna.subject_id) is None


def test_a_person_is_not_merged_with_itself_or_nobody(gallery: Gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture()])

    with pytest.raises(ChangeRefusedError):
        gallery.merge(anna.subject_id, anna.subject_id)
    with pytest.raises(SubjectUnknownError):
        gallery.merge(anna.subject_id, NOBODY)

    assert gallery.subjects() == (anna,)


def test_a_split_moves_the_pictures_that_were_named(gallery: Gallery) -> None:
    captures = [make_capture(1), make_capture(2)]
    anna = gallery.enrol("Anna", captures, consent="yes", retain_until=date(2030, 1, 1))
    _, second = gallery.references(MODEL)

    new = gallery.split(anna.subject_id, [second.reference_id], "Bea")

    assert (new.name, new.references) == ("Bea", 1)
    assert (new.consent, new.retain_until) == ("yes", date(2030, 1, 1))
    [moved] = gallery.references(MODEL, new.subject_id)
    assert np.array_equal(moved.template.vector, captures[1].embedding.vector)
    assert gallery.crop(moved.reference_id) is not None
    assert gallery.find("Anna").references == 1

    gallery.undo()

    assert gallery.subjects() == (anna,)
    assert len(gallery.references(MODEL, anna.subject_id)) == 2


def test_a_split_leaves_nobody_without_a_picture(gallery: Gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture(1), make_capture(2)])
    bob = gallery.enrol("Bob", [make_capture(3)])
    own = [one.reference_id for one in gallery.references(MODEL, anna.subject_id)]
    [foreign] = [one.reference_id for one in gallery.references(MODEL, bob.subject_id)]

    for references, name, error in (
        ([], "Bea", ChangeRefusedError),
        (own, "Bea", ChangeRefusedError),
        ([own[0], foreign], "Bea", ChangeRefusedError),
        (own[:1], "Bob", SubjectExistsError),
        (own[:1], " ", NameInvalidError),
    ):
        with pytest.raises(error):
            gallery.split(anna.subject_id, references, name)

    assert gallery.subjects() == (anna, bob)


def test_a_preview_tells_who_would_change_and_changes_nothing(gallery: Gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture(1)])
    bob = gallery.enrol("Bob", [make_capture(2), make_capture(3)])
    before = gallery.subjects(), gallery.history()

    preview = gallery.preview_merge(anna.subject_id, bob.subject_id)

    assert {
        (one.after.name, one.before and one.before.references, one.after.enrolled)
        for one in preview.changes
    } == {("Anna", 1, True), ("Bob", 2, False)}
    assert (gallery.subjects(), gallery.history()) == before
    gallery.rename(anna.subject_id, "Bea")
    [change] = gallery.preview_undo().changes
    assert change.before is not None
    assert (change.before.name, change.after.name) == ("Bea", "Anna")
    assert names(gallery) == ["Bea", "Bob"]


def test_terms_are_kept_changed_and_taken_back(gallery: Gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture()], "a note", "on paper", date(2027, 5, 1))

    assert (anna.consent, anna.retain_until) == ("on paper", date(2027, 5, 1))
    changed = gallery.set_terms(anna.subject_id, "by mail", None)

    assert (changed.note, changed.consent, changed.retain_until) == ("a note", "by mail", None)
    [change] = gallery.preview_undo().changes
    assert change.after.retain_until == date(2027, 5, 1)
    gallery.undo()
    assert gallery.find("Anna") == anna


def test_who_is_due_is_told_from_the_day_after_the_last_one(gallery: Gallery) -> None:
    last = date(2027, 5, 1)
    anna = gallery.enrol("Anna", [make_capture(1)], retain_until=last)
    gallery.enrol("Bob", [make_capture(2)])

    assert gallery.due(last) == ()
    assert gallery.due(last + timedelta(days=1)) == (anna,)
    gallery.delete(anna.subject_id)
    assert [one.subject_id for one in gallery.due(date(2028, 1, 1))] == [anna.subject_id]


def test_an_erasure_is_final_and_concerns_nobody_else(gallery: Gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture(1), make_capture(2)])
    again = gallery.enrol("Anna again", [make_capture(3)])
    bob = gallery.enrol("Bob", [make_capture(4)])
    gallery.merge(anna.subject_id, again.subject_id)

    certificate = gallery.erase(anna.subject_id)

    assert set(certificate.subjects) == {anna.subject_id, again.subject_id}
    assert certificate.complete
    assert gallery.subjects() == (bob,)
    assert [one.subject_id for one in gallery.references(MODEL)] == [bob.subject_id]
    for entry in gallery.history():
        if not set(entry.subjects) <= {"Bob"} or not entry.complete:
            with pytest.raises(UndoImpossibleError):
                gallery.undo(entry.number)
    assert gallery.subjects() == (bob,)


def test_a_deleted_subject_can_be_erased_too(gallery: Gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture()])
    number = gallery.delete(anna.subject_id)

    gallery.erase(anna.subject_id)

    with pytest.raises(UndoImpossibleError):
        gallery.undo(number)
    with pytest.raises(SubjectUnknownError):
        gallery.erase(anna.subject_id)
