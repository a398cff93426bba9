import errno
import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError

from core.errors import (
    GalleryCorruptError,
    GalleryError,
    GalleryLockedError,
    GalleryUnwritableError,
)
from core.gallery.storage_errors import storage_errors

FILE = Path("/data/gallery.sqlite")


def sqlite_error(code: int, message: str = "reported by SQLite") -> sqlite3.Error:
    error = sqlite3.OperationalError(message)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_BUSY, GalleryLockedError),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, GalleryLockedError),
        (sqlite3.SQLITE_NOTADB, GalleryCorruptError),
        (sqlite3.SQLITE_CORRUPT_VTAB, GalleryCorruptError),
        (sqlite3.SQLITE_FULL, GalleryUnwritableError),
        (sqlite3.SQLITE_IOERR_WRITE, GalleryUnwritableError),
        (sqlite3.SQLITE_READONLY_DIRECTORY, GalleryUnwritableError),
        (sqlite3.SQLITE_CANTOPEN, GalleryUnwritableError),
    ],
)
def test_what_sqlite_reports_becomes_an_error_of_the_gallery(
    code: int, expected: type[GalleryError]
) -> None:
    with pytest.raises(expected), storage_errors(FILE):
        raise sqlite_error(code)


def test_a_missing_table_is_damage() -> None:
    with pytest.raises(GalleryCorruptError, match=r"data.backups"), storage_errors(FILE):
        raise sqlite_error(sqlite3.SQLITE_ERROR, "no such table: meta")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_what_the_system_reports_is_told_as_the_reason(code: int) -> None:
    with pytest.raises(GalleryUnwritableError, match=os.strerror(code)), storage_errors(FILE):
        raise OSError(code, os.strerror(code))


@pytest.mark.parametrize(
    "defect",
    [
        sqlite_error(sqlite3.SQLITE_CONSTRAINT),
        DatabaseError("?", None, KeyError()),
        sqlite3.ProgrammingError("misuse"),
        KeyError("x"),
    ],
)
def test_a_defect_of_ours_is_not_dressed_up(defect: Exception) -> None:
    with pytest.raises(type(defect)), storage_errors(FILE):
        raise defect
