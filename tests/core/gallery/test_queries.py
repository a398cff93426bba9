import pytest

from core.errors import SubjectUnknownError
from core.gallery.database import open_database
from core.gallery.queries import (
    active_row,
    count_references,
    crops,
    references_of,
    subjects_counted,
    templates_of,
)
from core.settings import Folders
from tests.core.gallery.conftest import OpenGallery
from tests.fakes.captures import MODEL, OTHER_MODEL, make_capture


def test_deleted_subjects_are_seen_by_no_query(open_gallery: OpenGallery, folders: Folders) -> None:
    gallery = open_gallery()
    anna = gallery.enrol("Anna", [make_capture(1), make_capture(2, model=OTHER_MODEL)]).subject_id
    bob = gallery.enrol("Bob", [make_capture(3)]).subject_id
    gallery.delete(bob)
    database = open_database(folders.gallery_file)

    with database.reading() as session:
        assert [(row.id, n) for row, n in session.execute(subjects_counted())] == [(anna, 2)]
        assert {row.subject_id for _, row, _ in session.execute(crops())} == {anna}
        assert active_row(session, anna).id == anna
        with pytest.raises(SubjectUnknownError):
            active_row(session, bob)
    database.close()


def test_references_are_counted_and_each_has_its_templates(
    open_gallery: OpenGallery, folders: Folders
) -> None:
    gallery = open_gallery()
    captures = [make_capture(1), make_capture(2, model=OTHER_MODEL), make_capture(3)]
    anna = gallery.enrol("Anna", captures).subject_id
    database = open_database(folders.gallery_file)

    with database.reading() as session:
        assert count_references(session, anna) == 3
        rows = references_of(session, anna)
        known = [[one.model_id for one in templates_of(session, row.id)] for row in rows]
    assert known == [[MODEL], [OTHER_MODEL], [MODEL]]
    database.close()
