"""What SQLite and the operating system report, in the gallery's own errors."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from core.errors import (
    GalleryCorruptError,
    GalleryError,
    GalleryLockedError,
    GalleryUnwritableError,
)

_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_UNWRITABLE = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk reported an error or is full",
    sqlite3.SQLITE_READONLY: "the file or its folder is read-only",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened there",
    sqlite3.SQLITE_PERM: "access is denied",
    sqlite3.SQLITE_TOOBIG: "an entry is too large",
}
_PRIMARY_CODE = 0xFF  # SQLite's extended codes carry the primary one in their lowest byte


def backups_folder(database: Path) -> Path:
    """Where backups of a database are kept."""
    return database.parent / "backups"


@contextmanager
def storage_errors(database: Path) -> Iterator[None]:
    """Translate what goes wrong inside with the file `database`.

    Raises:
        GalleryError: Locked, corrupt or unwritable. Anything else passes through: it is a defect.
    """
    try:
        yield
    except DatabaseError as error:
        raise _translated(error.orig, database) or error from error
    except sqlite3.Error as error:
        raise _translated(error, database) or error from error
    except OSError as error:
        reason = error.strerror or "the system refuses it"
        raise GalleryUnwritableError(path=database, reason=reason) from error


def _translated(error: BaseException | None, database: Path) -> GalleryError | None:
    if not isinstance(error, sqlite3.Error):
        return None
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE  # absent on misuse errors
    if code in _LOCKED:
        return GalleryLockedError()
    # "no such table" in a file that passed for a gallery means that part of it is gone.
    if code in _CORRUPT or (code == sqlite3.SQLITE_ERROR and "no such" in str(error)):
        return GalleryCorruptError(path=database, backups=backups_folder(database))
    if code in _UNWRITABLE:
        return GalleryUnwritableError(path=database, reason=_UNWRITABLE[code])
    return None
