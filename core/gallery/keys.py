"""Replacing the gallery's keys: another passphrase, another place, or all of them anew.

The new key is in its place before the gallery is switched to it in one transaction, and the
former one is destroyed after that, so that a process killed in between leaves a gallery that
opens with one of them.
"""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.domain.event import EventKind
from core.domain.key_change import KeyChange, KeyPlace, KeyWish
from core.errors import GalleryCorruptError, GalleryTamperedError, KeyStoreError, UsageError
from core.gallery.audit import record
from core.gallery.codec import open_subject, readdress_subject, wrap_key
from core.gallery.lock import (
    KEY_CHECK,
    KEY_PLACE,
    KEY_RECORD,
    WRAPPED_KEY,
    lock_facts,
    open_data_key,
)
from core.gallery.schema import check_header
from core.gallery.storage_errors import backups_folder
from core.gallery.store import Secrets, Store
from core.gallery.tables import MetaRow, SubjectRow
from core.ports import KeyStore
from core.security.key_record import (
    PassphraseRecord,
    encode_record,
    read_record,
    sync_file,
    write_record,
)
from core.security.key_store import KeyHome, discard_key, key_notice, new_home, place_of
from core.security.sealing import new_key
from core.settings import Folders

_log = logging.getLogger(__name__)


class GalleryKeys:
    """The keys of an open gallery. Implements `ports.Keys`."""

    def __init__(self, store: Store, folders: Folders, key_store: KeyStore) -> None:
        self._store = store
        self._folders = folders
        self._key_store = key_store

    @property
    def place(self) -> str:
        """Where the key lies, in words."""
        return self._key_store.place

    @property
    def notice(self) -> str | None:
        """What has to stay visible about that; None if nothing has to."""
        return key_notice(self._key_store)

    @property
    def home(self) -> KeyPlace:
        """The kind of place."""
        return place_of(self._key_store)

    @property
    def locked_from(self) -> KeyPlace | None:
        """Where the key goes back to when the gallery is unlocked; None if it is not locked."""
        record = read_record(self._folders)
        if isinstance(record, PassphraseRecord) and record.former:
            return record.former
        return None

    def change(self, wish: KeyWish) -> KeyChange:
        """Make a new gallery key and keep it as wished.

        Raises:
            UsageError: The gallery is under a passphrase already and cannot be locked by one.
            GalleryError, KeyStoreError: The gallery opens with the key it had.
        """
        return self._change(self._new_home(wish), renew=wish.renew)

    def _new_home(self, wish: KeyWish) -> KeyHome:
        place, former = wish.place or self.home, self.locked_from
        if wish.locking:
            if self.home == "passphrase":
                raise UsageError(
                    reason="The gallery is under a passphrase already: it is locked whenever it "
                    "is closed"
                )
            place, former = "passphrase", self.home
        return new_home(place, self._folders, wish.new_passphrase, wish.file, former)

    def _change(self, home: KeyHome, *, renew: bool) -> KeyChange:
        former_record, former_place = read_record(self._folders), self._key_store.place
        before = self._store.secrets
        after = Secrets(
            new_key(),
            new_key() if renew else before.data_key,
            before.audit_key,
            before.signing_key,
        )
        new_record = home.keep(after.gallery_key)
        facts = lock_facts(after, home.place, encode_record(new_record))
        try:
            with self._store.writing() as session:
                if renew:
                    _wrap_anew(session, before.data_key, after.data_key)
                for name, value in facts.items():
                    session.merge(MetaRow(key=name, value=value))
                kind = EventKind.KEY_ROTATED if renew else EventKind.KEY_MOVED
                detail = f"{former_place} to {home.place}"
                record(session, after.audit_key, kind, detail=detail)
        except BaseException:
            discard_key(new_record, self._folders, after.gallery_key)
            raise
        self._store.secrets, self._key_store = after, home
        self._store.database.empty_log()
        write_record(self._folders, new_record)
        left = _rewrap_backups(self._folders.gallery_file, before, facts, after)
        gone = discard_key(former_record, self._folders, before.gallery_key)
        _log.info("the key of the gallery was replaced")
        return KeyChange(former_place, home.place, gone, renew, left)


def _wrap_anew(session: Session, former: bytes, data_key: bytes) -> None:
    """Wrap all subjects' keys under another data key; damaged ones stay as they are."""
    rows = session.scalars(select(SubjectRow)).all()
    for row in rows:
        try:
            key = open_subject(row, former).key
        except GalleryTamperedError as error:
            _log.warning("entry %s does not open", error.facts["row"])
            continue
        wrap_key(row, key, data_key)
        readdress_subject(row, data_key)


def _rewrap_backups(
    gallery: Path, before: Secrets, facts: dict[str, bytes], after: Secrets
) -> tuple[str, ...]:
    """Let the new gallery key open the backups, instead of the former one; those that stay."""
    left = []
    for path in sorted(backups_folder(gallery).glob("*.sqlite")):
        try:
            check_header(path)
            _rewrap(path, before, facts, after)
        except (
            OSError,
            sqlite3.Error,
            GalleryCorruptError,
            GalleryTamperedError,
            KeyStoreError,
            UsageError,
        ):
            left.append(path.name)
    return tuple(left)


def _rewrap(backup: Path, before: Secrets, facts: dict[str, bytes], after: Secrets) -> None:
    with closing(sqlite3.connect(backup)) as raw:
        raw.execute("PRAGMA secure_delete = ON")
        kept = {name: bytes(value) for name, value in raw.execute("SELECT key, value FROM meta")}
        data_key = open_data_key(kept, before.gallery_key, "the former place")
        own = lock_facts(
            Secrets(after.gallery_key, data_key, before.audit_key, before.signing_key), "", None
        )
        changed = {
            WRAPPED_KEY: own[WRAPPED_KEY],
            KEY_CHECK: own[KEY_CHECK],
            KEY_PLACE: facts[KEY_PLACE],
            KEY_RECORD: facts[KEY_RECORD],
        }
        with raw:
            raw.executemany(
                "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", changed.items()
            )
    sync_file(backup)
