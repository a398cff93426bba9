"""Opening a gallery with its key, and making one where there is none.

A new key comes into being only together with a new gallery, and a new gallery only where none
was; whatever stands in the way is an error that leaves both as they are.
"""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

from core.errors import GalleryCorruptError, KeysMissingError, KeysUnavailableError
from core.gallery.database import (
    Database,
    alone,
    create_database,
    make_private_folder,
    open_database,
)
from core.gallery.lock import KEY_RECORD, key_place, lock_facts, new_secrets, unlock
from core.gallery.schema import check_header
from core.gallery.storage_errors import storage_errors
from core.gallery.store import Secrets, Store
from core.gallery.tables import MetaRow
from core.ports import KeyStore
from core.security.key_record import (
    decode_record,
    encode_record,
    read_record,
    record_path,
    write_record,
)
from core.security.sealing import new_key
from core.settings import Folders

_log = logging.getLogger(__name__)


def recall_key_record(folders: Folders) -> None:
    """Bring the record of where the key lies back from the gallery, which has the newest one.

    So a lost record, or one that a process which was killed could not renew, costs nobody the
    gallery.

    Raises:
        KeysUnavailableError: The gallery's copy is damaged, or the folder refuses the file.
    """
    raw = _kept_record(folders.gallery_file)
    if raw is None:
        return
    kept = decode_record(raw, f"what '{folders.gallery_file}' keeps about its key")
    path = record_path(folders)
    try:
        present = path.read_bytes()
    except FileNotFoundError:
        present = b""
    except OSError as error:
        raise KeysUnavailableError(reason=f"'{path}' cannot be read ({error.strerror})") from error
    if present != raw:
        write_record(folders, kept)
        _log.warning("the record of where the key lies was brought back from the gallery")


def open_or_create(folders: Folders, key_store: KeyStore) -> Store:
    """The unlocked gallery in `folders`.

    Raises:
        GalleryError: Locked, newer, corrupt or unwritable; it is as it was.
        KeyStoreError: The key is missing, wrong, refused or cannot be reached.
    """
    path = folders.gallery_file
    with storage_errors(path):
        make_private_folder(path.parent)
    new = None if _is_there(path) else _create(folders, key_store)
    database = open_database(path)
    try:
        return Store(database, _unlock(database, folders, key_store, new))
    except BaseException:
        database.close()
        raise


def _kept_record(gallery: Path) -> bytes | None:
    """The gallery's copy; None where it has none or cannot be read, which opening it will tell."""
    try:
        check_header(gallery)
        with closing(sqlite3.connect(gallery)) as raw:
            found = raw.execute("SELECT value FROM meta WHERE key = ?", (KEY_RECORD,)).fetchone()
    except (OSError, sqlite3.Error, GalleryCorruptError):
        return None
    return None if found is None else bytes(found[0])


def _create(folders: Folders, key_store: KeyStore) -> bytes | None:
    """Make a gallery and return its key; None if another process was faster."""
    path = folders.gallery_file
    with alone(path):
        if _is_there(path):
            return None
        key = key_store.load()
        if key is None:
            key = new_key()
            key_store.store(key)
        else:
            _log.warning("a key without a gallery was found; the new gallery uses it")
        facts = lock_facts(new_secrets(key), key_store.place, _own_record(folders))
        create_database(
            path,
            lambda session: session.add_all(
                MetaRow(key=name, value=value) for name, value in facts.items()
            ),
        )
    _log.info("a new gallery was made")
    return key


def _is_there(path: Path) -> bool:
    # A link whose target is away, say on a drive that is not plugged in, is not to be replaced.
    return path.exists() or path.is_symlink()


def _own_record(folders: Folders) -> bytes | None:
    record = read_record(folders)
    return None if record is None else encode_record(record)


def _unlock(
    database: Database, folders: Folders, key_store: KeyStore, key: bytes | None
) -> Secrets:
    with database.reading() as session:
        facts = {row.key: row.value for row in session.scalars(select(MetaRow))}
    key = key or key_store.load()  # a passphrase that was just given is not asked for again
    if key is None:
        raise KeysMissingError(store=key_place(facts))
    secrets = unlock(facts, key, key_store.place)
    complete = lock_facts(secrets, key_store.place, _own_record(folders))
    lacking = {name: value for name, value in complete.items() if name not in facts}
    if lacking:
        # A gallery of the first schema, on its first opening by this version.
        with database.writing() as session:
            session.add_all(MetaRow(key=name, value=value) for name, value in lacking.items())
    return secrets
