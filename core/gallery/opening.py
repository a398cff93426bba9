"""Opening a gallery with its key, and making one where there is none.

A new key comes into being only together with a new gallery, and a new gallery only where none
was; whatever stands in the way is an error that leaves both as they are.
"""

import logging
from pathlib import Path

from sqlalchemy import select

from core.errors import KeysMissingError
from core.gallery.database import (
    Database,
    alone,
    create_database,
    make_private_folder,
    open_database,
)
from core.gallery.lock import key_place, lock_facts, unlock
from core.gallery.storage_errors import storage_errors
from core.gallery.tables import MetaRow
from core.ports import KeyStore
from core.security.sealing import new_key

_log = logging.getLogger(__name__)


def open_or_create(path: Path, key_store: KeyStore) -> tuple[Database, bytes]:
    """The database at `path` and its data key.

    Raises:
        GalleryError: Locked, newer, corrupt or unwritable; it is as it was.
        KeyStoreError: The key is missing, wrong, refused or cannot be reached.
    """
    with storage_errors(path):
        make_private_folder(path.parent)
    new = None if _is_there(path) else _create(path, key_store)
    database = open_database(path)
    try:
        return database, _unlock(database, key_store, new)
    except BaseException:
        database.close()
        raise


def _create(path: Path, key_store: KeyStore) -> bytes | None:
    """Make a gallery and return its key; None if another process was faster."""
    with alone(path):
        if _is_there(path):
            return None
        key = key_store.load()
        if key is None:
            key = new_key()
            key_store.store(key)
        else:
            _log.warning("a key without a gallery was found; the new gallery uses it")
        facts = lock_facts(key, key_store.place)
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


def _unlock(database: Database, key_store: KeyStore, key: bytes | None) -> bytes:
    with database.reading() as session:
        facts = {row.key: row.value for row in session.scalars(select(MetaRow))}
    key = key or key_store.load()  # a passphrase that was just given is not asked for again
    if key is None:
        raise KeysMissingError(store=key_place(facts))
    return unlock(facts, key, key_store.place)
