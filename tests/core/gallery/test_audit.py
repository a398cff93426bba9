import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from core.domain.event import EventKind
from core.gallery.ledger import SqliteLedger
from core.gallery.sqlite_gallery import SqliteGallery
from core.settings import Folders
from tests.core.gallery.conftest import OpenGallery
from tests.fakes.captures import make_capture


@pytest.fixture
def gallery(open_gallery: OpenGallery) -> SqliteGallery:
    """Four events: Anna enrolled and renamed, Bob enrolled and deleted."""
    gallery = open_gallery()
    gallery.rename(gallery.enrol("Anna", [make_capture(1)]).subject_id, "Bea")
    gallery.delete(gallery.enrol("Bob", [make_capture(2)]).subject_id)
    return gallery


@pytest.fixture
def raw(gallery: SqliteGallery, folders: Folders) -> Iterator[sqlite3.Connection]:
    """The database of somebody who wants to change what was done, and knows how."""
    with closing(sqlite3.connect(folders.gallery_file, isolation_level=None)) as connection:
        for verb in ("update", "delete"):
            connection.execute(f"DROP TRIGGER events_refuse_{verb}")
        yield connection


def faults(gallery: SqliteGallery) -> tuple[str, ...]:
    return SqliteLedger(gallery.store).check().faults


def test_everything_that_is_done_is_an_event_in_order(open_gallery: OpenGallery) -> None:
    gallery = open_gallery()
    ledger = SqliteLedger(gallery.store)
    anna = gallery.enrol("Anna", [make_capture(1), make_capture(2)]).subject_id
    gallery.add_references(anna, [make_capture(3)])
    gallery.rename(anna, "Bob")
    gallery.delete(anna)
    gallery.undo()
    gallery.redo()
    gallery.forget(datetime.now(UTC) + timedelta(hours=1))
    ledger.note(EventKind.MODEL_CHANGED, count=3, detail="one to other")
    gallery.erase(gallery.enrol("Carl", [make_capture(4)]).subject_id)

    events = ledger.events()

    assert [(event.kind, event.count, event.detail) for event in events] == [
        ("enrolled", 2, ""),
        ("references_added", 1, ""),
        ("renamed", 1, ""),
        ("deleted", 1, ""),
        ("undone", 1, "deleted"),
        ("redone", 1, "deleted"),
        ("purged", 1, ""),
        ("model_changed", 3, "one to other"),
        ("enrolled", 1, ""),
        ("erased", 1, ""),
    ]
    assert [event.number for event in events] == list(range(1, 11))
    assert all(event.at.tzinfo is not None for event in events)
    report = ledger.check()
    assert (report.events, report.faults) == (10, ())
    assert report.head == f"10:{events[-1].digest.hex()}"


def test_what_did_not_happen_is_no_event(gallery: SqliteGallery) -> None:
    before = SqliteLedger(gallery.store).events()

    gallery.preview_undo()
    gallery.forget(datetime.now(UTC) - timedelta(days=1))

    assert SqliteLedger(gallery.store).events() == before


@pytest.mark.parametrize("change", ["DELETE FROM events", "UPDATE events SET kind = 'renamed'"])
def test_events_can_only_be_added(gallery: SqliteGallery, folders: Folders, change: str) -> None:
    refused = pytest.raises(sqlite3.IntegrityError, match="only ever added")
    with closing(sqlite3.connect(folders.gallery_file)) as raw, refused:
        raw.execute(change)

    assert len(SqliteLedger(gallery.store).events()) == 4


@pytest.mark.parametrize(
    "change",
    [
        "kind = 'exported'",
        "at = '2001-01-01 00:00:00.000000'",
        "subject_id = 'somebody'",
        "subject_id = NULL",
        "number_of = 7",
        "detail = 'harmless'",
        "digest = zeroblob(32)",
        "digest = NULL",
    ],
)
def test_an_altered_entry_is_found(
    gallery: SqliteGallery, raw: sqlite3.Connection, change: str
) -> None:
    raw.execute(f"UPDATE events SET {change} WHERE number = 2")

    assert any("Entry 2 was altered" in fault for fault in faults(gallery))


def test_a_removed_entry_is_found_wherever_it_was(
    gallery: SqliteGallery, raw: sqlite3.Connection
) -> None:
    raw.execute("DELETE FROM events WHERE number = 2")
    assert faults(gallery) == ("Entry 2 is missing.",)

    raw.execute("DELETE FROM events WHERE number = 1")
    assert faults(gallery) == ("Entries 1 to 2 are missing.",)


def test_entries_cut_off_the_end_are_found_even_after_new_ones(
    gallery: SqliteGallery, raw: sqlite3.Connection
) -> None:
    raw.execute("DELETE FROM events WHERE number > 2")
    assert faults(gallery) == ("Entries 3 to 4 are missing.",)

    gallery.enrol("Carl", [make_capture(3)])
    assert faults(gallery) == ("Entries 3 to 4 are missing.",)

    raw.execute("DELETE FROM events")
    assert faults(gallery) == ("Entries 1 to 5 are missing.",)


def test_the_note_of_the_newest_entry_cannot_be_taken_away(
    gallery: SqliteGallery, raw: sqlite3.Connection
) -> None:
    raw.execute("DELETE FROM events WHERE number > 2")
    raw.execute("DELETE FROM meta WHERE key = 'audit_head'")
    assert len(faults(gallery)) == 1

    gallery.enrol("Carl", [make_capture(3)])
    assert faults(gallery) == ("Entry 3 is missing.",)


def test_entries_that_changed_places_are_found(
    gallery: SqliteGallery, raw: sqlite3.Connection
) -> None:
    for former, new in ((1, -1), (3, 1), (-1, 3)):
        raw.execute("UPDATE events SET number = ? WHERE number = ?", (new, former))

    assert len(faults(gallery)) >= 2


def test_an_older_note_of_the_newest_entry_is_found(
    gallery: SqliteGallery, raw: sqlite3.Connection
) -> None:
    [(former,)] = raw.execute("SELECT value FROM meta WHERE key = 'audit_head'")
    gallery.undo()
    raw.execute("UPDATE meta SET value = ? WHERE key = 'audit_head'", (former,))

    assert faults(gallery) == ("Entry 5 is not the one that was written last.",)


def test_entries_of_the_first_schema_are_covered_by_what_follows(
    gallery: SqliteGallery, raw: sqlite3.Connection
) -> None:
    raw.execute("UPDATE events SET digest = NULL")
    raw.execute("DELETE FROM meta WHERE key = 'audit_head'")
    assert faults(gallery) == ()

    gallery.enrol("Carl", [make_capture(3)])
    assert faults(gallery) == ()

    raw.execute("UPDATE events SET kind = 'exported' WHERE number = 2")
    assert faults(gallery) != ()


def test_the_audit_names_nobody(gallery: SqliteGallery, raw: sqlite3.Connection) -> None:
    kept = str(list(raw.execute("SELECT * FROM events")))

    assert [name for name in ("Anna", "Bea", "Bob") if name in kept] == []
