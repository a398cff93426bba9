"""Which schema a gallery has, and how it gets the newest one."""

import logging
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from core.errors import GalleryCorruptError, GalleryNewerError
from core.gallery.storage_errors import backups_folder
from core.security.key_record import PRIVATE_FILE, sync_file, sync_folder

# Bytes 0–15 and 68–71 of every SQLite file (sqlite.org/fileformat2.html, section 1.3).
MAGIC = b"SQLite format 3\x00"
APPLICATION_ID = b"pfac"
APPLICATION_ID_AT = 68
HEADER_BYTES = 100

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Schema:
    """A folder of alembic steps.

    Attributes:
        revisions: All of them, oldest first; a gallery with any other one is newer than this
            program.
    """

    folder: Path
    revisions: tuple[str, ...]

    @property
    def head(self) -> str:
        """The newest revision."""
        return self.revisions[-1]


SCHEMA = Schema(Path(__file__).resolve().parent / "migrations", ("0001", "0002"))


def check_header(database: Path) -> None:
    """Refuse a file that is no gallery by reading it, so that nothing in it can change.

    Raises:
        GalleryCorruptError: Too short, not SQLite, or another program's database.
        OSError: The file cannot be read.
    """
    with database.open("rb") as file:
        header = file.read(HEADER_BYTES)
    if not header.startswith(MAGIC) or header[APPLICATION_ID_AT:][:4] != APPLICATION_ID:
        raise GalleryCorruptError(path=database, backups=backups_folder(database))


def is_current(connection: Connection, database: Path, schema: Schema) -> bool:
    """Whether the gallery has the newest schema; False if it has an older one.

    Raises:
        GalleryNewerError: It has one that this program does not know.
        GalleryCorruptError: It has none.
    """
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if found is None:
        raise GalleryCorruptError(path=database, backups=backups_folder(database))
    if found not in schema.revisions:
        raise GalleryNewerError(path=database)
    return bool(found == schema.head)


def upgrade(connection: Connection, schema: Schema) -> None:
    """Run every step that is missing, inside the caller's transaction.

    The connection must not enforce foreign keys: steps that rebuild a table drop the old one,
    and the drop would take all rows that point at it along.
    """
    # Alembic takes a third of a second to import; a gallery that is current never needs it.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    for table in _left_overs(connection):
        connection.exec_driver_sql(f'DROP TABLE "{table}"')
    config = Config()
    config.set_main_option("script_location", str(schema.folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, schema.head)
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        raise RuntimeError(f"the upgrade to {schema.head} left {len(broken)} rows without owner")


def back_up(database: Path) -> Path:
    """Copy a database to the folder of backups; readers and a writer may be at work in it.

    Returns:
        The copy, mode 0600, complete and on the disk.
    """
    folder = backups_folder(database)
    folder.mkdir(mode=0o700, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    target = folder / f"{database.stem}-{stamp}.sqlite"
    draft = target.with_suffix(".new")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
    try:
        copy_database(database, draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(folder)
    _log.info("the gallery was backed up before its upgrade")
    return target


def copy_database(source: Path, target: Path) -> None:
    """Copy through SQLite's backup interface, which sees what still lies in the -wal file."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        # One file that needs no side files, wherever it is carried.
        new.execute("PRAGMA journal_mode = DELETE")
    sync_file(target)


def _left_overs(connection: Connection) -> list[str]:
    found = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '\\_alembic\\_tmp\\_%'"
        " ESCAPE '\\'"
    )
    return [str(name) for (name,) in found]
