import pytest
from sqlalchemy import text

from core.domain.template import Embedding
from tests.fakes.captures import MODEL, OTHER_MODEL, make_capture
from tests.fakes.holdings import make_template


@pytest.fixture
def gallery(open_gallery):
    return open_gallery()


def other(seed: int) -> Embedding:
    return Embedding(make_template(seed, OTHER_MODEL).vector, OTHER_MODEL)


def reference_ids(gallery):
    return [one.reference_id for one in gallery.references(MODEL)]


def test_a_model_that_is_new_awaits_every_reference(gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture(1), make_capture(2)])

    waiting = gallery.templates.awaiting(OTHER_MODEL)

    assert [one.reference_id for one in waiting] == reference_ids(gallery)
    assert {(one.subject_id, one.has_crop) for one in waiting} == {(anna.subject_id, True)}
    assert gallery.templates.awaiting(MODEL) == ()
    assert gallery.templates.counts() == {MODEL: 2}


def test_templates_of_both_models_are_there_afterwards(gallery) -> None:
    gallery.enrol("Anna", [make_capture(1, source="camera", quality=71)])
    [reference_id] = reference_ids(gallery)
    before = gallery.references(MODEL)[0]

    assert gallery.templates.add([(reference_id, other(5))]) == 1

    [made] = gallery.references(OTHER_MODEL)
    assert made.template.vector.tobytes() == other(5).vector.tobytes()
    assert (made.reference_id, made.source, made.quality) == (reference_id, "camera", 71)
    [kept] = gallery.references(MODEL)
    assert kept.template.vector.tobytes() == before.template.vector.tobytes()
    assert gallery.find("Anna").references == 1
    assert gallery.damaged() == ()


def test_what_is_known_or_gone_meanwhile_is_passed_over(gallery) -> None:
    gallery.enrol("Anna", [make_capture(1)])
    [reference_id] = reference_ids(gallery)
    gallery.templates.add([(reference_id, other(5))])

    assert gallery.templates.add([(reference_id, other(6)), ("gone", other(7))]) == 0
    [kept] = gallery.references(OTHER_MODEL)
    assert kept.template.vector.tobytes() == other(5).vector.tobytes()


def test_pictures_come_as_they_were_captured(gallery, open_gallery) -> None:
    gallery.enrol("Anna", [make_capture(1)])
    without = open_gallery(keep_crops=False)
    without.enrol("Bob", [make_capture(2)])

    ids = [one.reference_id for one in gallery.templates.awaiting(OTHER_MODEL)]
    kept, missing = gallery.templates.crops(ids)

    assert kept.pixels.tobytes() == make_capture(1).aligned.pixels.tobytes()
    assert missing is None
    assert [one.has_crop for one in gallery.templates.awaiting(OTHER_MODEL)] == [True, False]


def test_a_deletion_can_be_undone_after_the_change_of_model(gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture(1)])
    gallery.delete(anna.subject_id)
    [waiting] = gallery.templates.awaiting(OTHER_MODEL)
    [crop] = gallery.templates.crops([waiting.reference_id])
    assert crop is not None
    gallery.templates.add([(waiting.reference_id, other(5))])
    gallery.templates.forget(OTHER_MODEL)

    gallery.undo()

    assert len(gallery.references(OTHER_MODEL)) == 1


def test_letting_go_removes_the_former_templates_only_where_nobody_is_lost(gallery) -> None:
    gallery.enrol("Anna", [make_capture(1)])
    gallery.enrol("Bob", [make_capture(2)])
    first, _ = reference_ids(gallery)
    gallery.templates.add([(first, other(5))])

    assert gallery.templates.forget(OTHER_MODEL) == 1

    assert gallery.templates.counts() == {MODEL: 1, OTHER_MODEL: 1}
    assert [one.name for one in gallery.subjects()] == ["Anna", "Bob"]


def test_a_damaged_picture_is_passed_over(gallery) -> None:
    gallery.enrol("Anna", [make_capture(1), make_capture(2)])
    first, second = reference_ids(gallery)
    with gallery.store.writing() as session:
        session.execute(
            text("UPDATE crops SET sealed_crop = x'00' WHERE reference_id = :id"), {"id": first}
        )

    broken, whole = gallery.templates.crops([first, second])

    assert broken is None
    assert whole is not None
