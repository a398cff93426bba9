"""What merging and splitting promise on the disk beyond the contract in test_ports_history."""

import sqlite3
from contextlib import closing

import pytest

from core.errors import GalleryTamperedError
from core.settings import Folders
from tests.core.gallery.conftest import OpenGallery
from tests.fakes.captures import MODEL, OTHER_MODEL, make_capture


def test_a_merge_takes_templates_of_every_model_and_the_source_along(
    open_gallery: OpenGallery,
) -> None:
    gallery = open_gallery()
    anna = gallery.enrol("Anna", [make_capture(1)]).subject_id
    other = gallery.enrol("Other", [make_capture(2, model=OTHER_MODEL, source="b.jpg")]).subject_id

    gallery.merge(anna, other)

    [moved] = gallery.references(OTHER_MODEL, anna)
    assert (moved.source, len(gallery.references(MODEL, anna))) == ("b.jpg", 1)
    assert gallery.damaged() == ()


def test_a_damaged_picture_stops_a_merge_and_nothing_is_half_done(
    open_gallery: OpenGallery, folders: Folders
) -> None:
    gallery = open_gallery()
    anna = gallery.enrol("Anna", [make_capture(1)])
    other = gallery.enrol("Other", [make_capture(2), make_capture(3)])
    with closing(sqlite3.connect(folders.gallery_file)) as raw, raw:
        raw.execute(
            "UPDATE templates SET sealed_template = zeroblob(80) WHERE reference_id = "
            '(SELECT id FROM "references" WHERE subject_id = ? LIMIT 1)',
            (other.subject_id,),
        )

    with pytest.raises(GalleryTamperedError):
        gallery.merge(anna.subject_id, other.subject_id)

    assert [subject.references for subject in gallery.subjects()] == [1, 2]
    assert len(gallery.history()) == 2
