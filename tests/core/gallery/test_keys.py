"""Replacing keys: the gallery stays, the former key opens nothing any more."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import keyring
import pytest

from core.domain.key_change import KeyPlace, KeyWish
from core.errors import KeysDeniedError, KeysUnavailableError, KeysWrongError, UsageError
from core.gallery.keys import GalleryKeys
from core.gallery.ledger import SqliteLedger
from core.gallery.opening import recall_key_record
from core.gallery.sqlite_gallery import SqliteGallery
from core.security import passphrase
from core.security.key_record import record_path
from core.security.key_store import KeyHome, choose_key_store
from core.settings import Folders, KeyStoreChoice
from tests.fakes.captures import MODEL, make_capture
from tests.fakes.keyring_backends import DictKeyring

FORMATS = Path(__file__).parents[2] / "formats"


@dataclass
class Opened:
    """A gallery with its keys."""

    gallery: SqliteGallery
    keys: GalleryKeys


@dataclass
class Desk:
    """Opens the gallery of a test as the program does, with the passphrase that is typed."""

    folders: Folders
    typed: str = "first"
    opened: list[Opened] = field(default_factory=list)

    def open(self, choice: KeyStoreChoice = "file") -> Opened:
        recall_key_record(self.folders)
        store: KeyHome = choose_key_store(choice, self.folders, lambda: self.typed)
        gallery = SqliteGallery.open(self.folders, store)
        self.opened.append(Opened(gallery, GalleryKeys(gallery.store, self.folders, store)))
        return self.opened[-1]


@pytest.fixture
def ring() -> Iterator[DictKeyring]:
    before, backend = keyring.get_keyring(), DictKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


@pytest.fixture
def desk(folders: Folders, ring: DictKeyring, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(passphrase, "ITERATIONS", 1)
    monkeypatch.setattr(passphrase, "MEMORY_KIB", 1024)
    desk = Desk(folders)
    yield desk
    for one in desk.opened:
        one.gallery.close()


def new(text: str) -> Callable[[], str]:
    return lambda: text


@pytest.mark.parametrize("renew", [False, True])
@pytest.mark.parametrize("target", ["keyring", "passphrase", "file"])
@pytest.mark.parametrize("start", ["keyring", "passphrase", "file"])
def test_a_key_is_replaced_from_any_place_to_any_other(
    desk: Desk, start: KeyPlace, target: KeyPlace, renew: bool
) -> None:
    opened = desk.open(start)
    anna = opened.gallery.enrol("Anna", [make_capture(1)], "a note")
    opened.gallery.rename(anna.subject_id, "Bea")
    copy = desk.folders.data.parent / "copy"
    shutil.copytree(desk.folders.data, copy)
    public = SqliteLedger(opened.gallery.store).public_key

    change = opened.keys.change(KeyWish(target, new_passphrase=new("second"), renew=renew))

    assert (change.former_destroyed, change.renewed, change.backups_left) == (True, renew, ())
    assert opened.keys.home == target
    opened.gallery.enrol("Bob", [make_capture(2)])
    opened.gallery.close()
    desk.typed = "second"
    again = desk.open()
    assert [subject.name for subject in again.gallery.subjects()] == ["Bea", "Bob"]
    assert again.gallery.find("bea").note == "a note"
    assert len(again.gallery.references(MODEL)) == 2
    assert again.gallery.damaged() == ()
    again.gallery.undo()
    again.gallery.undo()
    assert [subject.name for subject in again.gallery.subjects()] == ["Anna"]
    ledger = SqliteLedger(again.gallery.store)
    assert ledger.check().faults == ()
    assert ledger.public_key == public
    kinds = [event.kind for event in ledger.events()]
    assert ("key_rotated" if renew else "key_moved") in kinds


def test_the_former_key_is_gone_from_its_place(desk: Desk, ring: DictKeyring) -> None:
    opened = desk.open("keyring")
    [former] = ring.entries.values()

    opened.keys.change(KeyWish("keyring"))
    assert len(ring.entries) == 1
    assert former not in ring.entries.values()

    opened.keys.change(KeyWish("file"))
    assert ring.entries == {}
    [first] = desk.folders.data.glob("*.key")
    opened.keys.change(KeyWish("file"))
    [second] = desk.folders.data.glob("*.key")
    assert first != second
    assert opened.keys.notice is not None
    assert str(second) in opened.keys.notice


def test_the_former_passphrase_and_an_old_copy_of_the_record_open_nothing(desk: Desk) -> None:
    opened = desk.open("passphrase")
    old_record = record_path(desk.folders).read_bytes()
    opened.keys.change(KeyWish(new_passphrase=new("second")))
    opened.gallery.close()

    with pytest.raises(KeysDeniedError, match="passphrase is wrong"):
        desk.open()
    # The record of before, put back by hand, loses against the gallery's own copy.
    record_path(desk.folders).write_bytes(old_record)
    with pytest.raises(KeysDeniedError, match="passphrase is wrong"):
        desk.open()
    desk.typed = "second"
    assert desk.open().gallery.subjects() == ()


def test_losing_the_record_does_not_lose_a_gallery_under_a_passphrase(desk: Desk) -> None:
    desk.open("passphrase").gallery.enrol("Anna", [make_capture()])
    desk.opened[0].gallery.close()
    record_path(desk.folders).unlink()

    again = desk.open()

    assert [subject.name for subject in again.gallery.subjects()] == ["Anna"]
    assert record_path(desk.folders).exists()


def test_a_process_killed_before_the_record_was_renewed_loses_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = desk.open("passphrase")
    opened.gallery.enrol("Anna", [make_capture()])

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("core.gallery.keys.write_record", die)
    with pytest.raises(KeyboardInterrupt):
        opened.keys.change(KeyWish(new_passphrase=new("second"), renew=True))
    opened.gallery.close()

    desk.typed = "second"
    assert [subject.name for subject in desk.open().gallery.subjects()] == ["Anna"]


@pytest.mark.parametrize("place", ["keyring", "file"])
def test_a_change_that_fails_leaves_the_key_that_was(
    desk: Desk, ring: DictKeyring, place: KeyPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = desk.open("passphrase")
    with closing(sqlite3.connect(desk.folders.gallery_file)) as other:
        other.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr("core.gallery.database.BUSY_S", 0.05)
        again = desk.open()
        with pytest.raises(Exception, match="in use"):
            again.keys.change(KeyWish(place))

    assert ring.entries == {}
    assert list(desk.folders.data.glob("*.key")) == []
    opened.gallery.enrol("Anna", [make_capture()])
    assert [one.name for one in desk.open().gallery.subjects()] == ["Anna"]


def test_an_empty_new_passphrase_changes_nothing(desk: Desk) -> None:
    opened = desk.open("passphrase")

    with pytest.raises(KeysDeniedError, match="empty"):
        opened.keys.change(KeyWish(new_passphrase=new("")))

    opened.gallery.close()
    assert desk.open().keys.home == "passphrase"


def test_locking_puts_a_passphrase_on_and_unlocking_takes_it_off(
    desk: Desk, ring: DictKeyring
) -> None:
    opened = desk.open("keyring")
    opened.keys.change(KeyWish(new_passphrase=new("second"), locking=True))
    assert ring.entries == {}
    opened.gallery.close()
    with pytest.raises(KeysDeniedError):
        desk.open()
    desk.typed = "second"
    locked = desk.open()
    assert locked.keys.locked_from == "keyring"
    with pytest.raises(UsageError, match="already"):
        locked.keys.change(KeyWish(new_passphrase=new("third"), locking=True))
    # Another passphrase meanwhile does not forget where the key came from.
    locked.keys.change(KeyWish(new_passphrase=new("third")))

    assert locked.keys.locked_from is not None
    locked.keys.change(KeyWish(locked.keys.locked_from))

    assert len(ring.entries) == 1
    locked.gallery.close()
    assert desk.open().keys.home == "keyring"


def test_a_key_ring_that_does_not_work_is_no_place_to_move_to(desk: Desk) -> None:
    from keyring.backends.null import Keyring as NullKeyring  # noqa: PLC0415 - of this test alone

    opened = desk.open("file")
    keyring.set_keyring(NullKeyring())

    with pytest.raises(KeysUnavailableError, match="no working key ring"):
        opened.keys.change(KeyWish("keyring"))

    assert opened.keys.home == "file"


def test_another_program_that_has_the_gallery_open_is_told_of_new_keys(desk: Desk) -> None:
    one, other = desk.open("file"), desk.open("file")

    one.keys.change(KeyWish(renew=True))

    with pytest.raises(Exception, match="replaced by another program"):
        other.gallery.enrol("Anna", [make_capture()])
    assert one.gallery.subjects() == ()


def test_backups_open_with_the_new_key(desk: Desk) -> None:
    shutil.copytree(FORMATS / "gallery-0001-file", desk.folders.data)
    opened = desk.open()

    change = opened.keys.change(KeyWish("passphrase", new_passphrase=new("second"), renew=True))
    opened.gallery.close()

    assert change.backups_left == ()
    [backup] = (desk.folders.data / "backups").iterdir()
    backup.rename(desk.folders.gallery_file)
    desk.typed = "second"
    names = [subject.name for subject in desk.open().gallery.subjects()]
    assert names == ["Anna Ärmel", "Bob", "Doris"]


def test_a_damaged_person_stays_damaged_and_costs_nobody_else_the_key(desk: Desk) -> None:
    opened = desk.open("file")
    anna = opened.gallery.enrol("Anna", [make_capture(1)])
    opened.gallery.enrol("Bob", [make_capture(2)])
    with closing(sqlite3.connect(desk.folders.gallery_file)) as raw, raw:
        raw.execute(
            "UPDATE subjects SET sealed_key = zeroblob(60) WHERE id = ?", (anna.subject_id,)
        )

    opened.keys.change(KeyWish(renew=True))

    assert [subject.name for subject in opened.gallery.subjects()] == ["Bob"]
    assert opened.gallery.damaged() == (f"subjects/{anna.subject_id}",)


def test_a_key_that_is_not_the_gallerys_is_told(desk: Desk) -> None:
    desk.open("file")
    desk.opened[0].gallery.close()
    [path] = desk.folders.data.glob("*.key")
    path.write_text("A" * 43 + "=\n")

    with pytest.raises(KeysWrongError):
        desk.open()
