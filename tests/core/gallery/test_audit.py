import sqlite3
from contextlib import closing

import pytest

from core.settings import Folders
from tests.core.gallery.conftest import OpenGallery
from tests.fakes.captures import make_capture


def test_everything_that_is_done_is_an_event_in_order(
    open_gallery: OpenGallery, folders: Folders
) -> None:
    gallery = open_gallery()
    anna = gallery.enrol("Anna", [make_capture(1), make_capture(2)]).subject_id
    gallery.add_references(anna, [make_capture(3)])
    gallery.rename(anna, "Bob")
    gallery.delete(anna)
    gallery.restore(anna)
    gallery.delete(anna)
    gallery.purge()
    gallery.export_plain(folders.data.parent / "out.sqlite")

    events = gallery.events()

    assert [(event.kind, event.count) for event in events] == [
        ("enrolled", 2),
        ("references_added", 1),
        ("renamed", 1),
        ("deleted", 1),
        ("restored", 1),
        ("deleted", 1),
        ("purged", 1),
        ("exported", 0),
    ]
    assert [event.number for event in events] == list(range(1, 9))
    assert {event.subject_id for event in events} == {anna, None}
    assert all(event.at.tzinfo is not None for event in events)


def test_what_did_not_happen_is_no_event(open_gallery: OpenGallery) -> None:
    gallery = open_gallery()
    anna = gallery.enrol("Anna", [make_capture()]).subject_id
    before = gallery.events()

    gallery.restore(anna)
    gallery.purge()

    assert gallery.events() == before


@pytest.mark.parametrize("change", ["DELETE FROM events", "UPDATE events SET kind = 'renamed'"])
def test_events_can_only_be_added(open_gallery: OpenGallery, folders: Folders, change: str) -> None:
    gallery = open_gallery()
    gallery.enrol("Anna", [make_capture()])

    refused = pytest.raises(sqlite3.IntegrityError, match="only ever added")
    with closing(sqlite3.connect(folders.gallery_file)) as raw, refused:
        raw.execute(change)

    assert [event.kind for event in gallery.events()] == ["enrolled"]
