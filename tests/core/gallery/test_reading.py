from core.domain.template import SubjectId
from core.gallery.reading import damaged_rows, states
from tests.core.gallery.conftest import OpenGallery
from tests.fakes.captures import MODEL, OTHER_MODEL, make_capture


def test_states_tell_deleted_subjects_and_leave_out_unknown_ones(open_gallery: OpenGallery) -> None:
    gallery = open_gallery()
    anna = gallery.enrol("Anna", [make_capture(1), make_capture(2)], "a note").subject_id
    bob = gallery.enrol("Bob", [make_capture(3)]).subject_id
    gallery.delete(bob)

    with gallery.store.reading() as session:
        found = states(session, gallery.store.secrets.data_key, [anna, bob, SubjectId("nobody")])

    assert (found[anna].name, found[anna].note, found[anna].references) == ("Anna", "a note", 2)
    assert (found[anna].enrolled, found[bob].enrolled) == (True, False)
    assert len(found) == 2


def test_one_subjects_references_come_for_one_model_oldest_first(open_gallery: OpenGallery) -> None:
    gallery = open_gallery()
    captures = [make_capture(1), make_capture(2, model=OTHER_MODEL), make_capture(3, quality=1)]
    gallery.enrol("Anna", captures)

    found = gallery.references(MODEL, gallery.find("Anna").subject_id)

    assert [one.quality for one in found] == [80, 1]


def test_nothing_is_damaged_in_a_gallery_with_history(open_gallery: OpenGallery) -> None:
    gallery = open_gallery()
    gallery.rename(gallery.enrol("Anna", [make_capture()]).subject_id, "Bea")
    gallery.undo()

    with gallery.store.reading() as session:
        assert list(damaged_rows(session, gallery.store.secrets.data_key)) == []
