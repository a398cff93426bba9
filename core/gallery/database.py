"""The gallery's database file: made, opened, upgraded, read and written.

Write-ahead log, so that readers and one writer do not wait for each other; every commit is on
the disk before it returns; deleted bytes are overwritten.
"""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from core.errors import GalleryCorruptError
from core.gallery.schema import SCHEMA, Schema, back_up, check_header, is_current, upgrade
from core.gallery.storage_errors import backups_folder, storage_errors
from core.security.key_record import PRIVATE_FILE, sync_file, sync_folder

BUSY_S = 5.0  # how long a write waits for another process before it says that the gallery is in use
OWNER_ONLY = 0o700  # of these the owner keeps what is set, for example read only
LOCK_NAME = "gallery.lock"
SIDE_FILES = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a database
# What this program keeps in its data folder; only a folder with nothing else is made private, so
# that `--data-dir /` does not lock a system.
OWN_NAMES = ("gallery.", "key.json", "settings.toml", "logs", "models", "backups")


class Database:
    """One connection to a gallery of the newest schema; one caller at a time, from any thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = _engine(path, "ON")
        self._writer = self._engine.execution_options(writes=True)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one moment of the database. Raises GalleryError."""
        with storage_errors(self.path), Session(self._engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose changes are all on the disk afterwards, or none. Raises GalleryError."""
        with storage_errors(self.path), Session(self._writer) as session, session.begin():
            yield session

    @contextmanager
    def trying(self) -> Iterator[Session]:
        """A session whose changes are taken back at the end. Raises GalleryError."""
        with storage_errors(self.path), Session(self._writer) as session:
            yield session
            session.rollback()

    def check(self) -> None:
        """Read every page. Raises GalleryCorruptError."""
        with self.reading() as session:
            answer = session.connection().exec_driver_sql("PRAGMA integrity_check(1)").scalar()
        if answer != "ok":
            raise GalleryCorruptError(path=self.path, backups=backups_folder(self.path))

    def empty_log(self) -> bool:
        """Move the write-ahead log into the database, so that no older page is left in it.

        Returns:
            False where another process kept reading for five seconds; its closing does it then.
        """
        busy, _, _ = self._outside_transactions("PRAGMA wal_checkpoint(TRUNCATE)")[0]
        return not busy

    def compact(self) -> None:
        """Write the whole file anew, without what was freed in it. Raises GalleryLockedError."""
        self._outside_transactions("VACUUM")

    def _outside_transactions(self, statement: str) -> list[tuple[int, ...]]:
        with storage_errors(self.path), self._engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            return raw.execute(statement).fetchall()

    def close(self) -> None:
        """Release the file; harmless when called twice."""
        self._engine.dispose()


def open_database(path: Path, schema: Schema = SCHEMA) -> Database:
    """Open a gallery that exists, after an upgrade with a backup before it if it is older.

    Raises:
        GalleryError: Corrupt, newer, locked or unwritable; the file is as it was.
    """
    with storage_errors(path):
        check_header(path)
        if not _is_current(path, schema):
            with alone(path):
                _upgrade_in_place(path, schema)
        _keep_others_out(path)
        with closing(sqlite3.connect(path, timeout=BUSY_S)) as raw:
            raw.execute("PRAGMA journal_mode = WAL")
        return Database(path)


def create_database(path: Path, fill: Callable[[Session], None], schema: Schema = SCHEMA) -> None:
    """Make a gallery under another name and rename it when it is complete.

    A process killed here leaves no half gallery behind. Call it inside `alone`.

    Args:
        fill: Adds the first rows.

    Raises:
        GalleryCorruptError: The log of a gallery whose main file is gone lies there.
        GalleryUnwritableError: The folder or disk refuses it.
    """
    draft = path.with_name(f"{path.name}.new")
    with storage_errors(path):
        _refuse_orphaned_log(path)
        _remove(draft)
        try:
            os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
            engine = _engine(draft, "OFF").execution_options(writes=True)
            try:
                with engine.connect() as connection, connection.begin():
                    upgrade(connection, schema)
                    with Session(connection) as session:
                        fill(session)
                        session.flush()
            finally:
                engine.dispose()
            sync_file(draft)
            draft.replace(path)
            sync_folder(path.parent)
        finally:
            _remove(draft)


@contextmanager
def alone(database: Path) -> Iterator[None]:
    """Keep other processes from making or upgrading the same gallery meanwhile.

    The lock is SQLite's on an empty file, because it works on every system and ends with the
    process that holds it.

    Raises:
        GalleryLockedError: Another process did not finish within five seconds.
        GalleryUnwritableError: The folder refuses the file.
    """
    path = database.with_name(LOCK_NAME)
    with storage_errors(database):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE))
        with closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)) as lock:
            lock.execute("BEGIN EXCLUSIVE")
            yield


def make_private_folder(folder: Path) -> None:
    """Make the data folder, or take others' access to one that holds nothing but our files.

    Raises:
        OSError: It cannot be made, or is no folder.
    """
    folder.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
    if all(entry.name.startswith(OWN_NAMES) for entry in folder.iterdir()):
        _keep_others_out(folder)


def _keep_others_out(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & ~OWNER_ONLY:
        with suppress(PermissionError):  # somebody else's, but we may use it
            path.chmod(mode & OWNER_ONLY)


def _engine(path: Path, foreign_keys: str) -> Engine:
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path.absolute())),
        connect_args={"timeout": BUSY_S, "check_same_thread": False},
        poolclass=StaticPool,  # one connection, so that closing it folds the log away
        hide_parameters=True,  # sealed or not, no value belongs in an error text
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # Python's sqlite3 would begin and end transactions by rules of its own.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"foreign_keys = {foreign_keys}",
            "secure_delete = ON",
            "synchronous = FULL",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A reader that turns writer cannot wait for another writer, so writers say so at once.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _is_current(path: Path, schema: Schema) -> bool:
    engine = _engine(path, "ON")
    try:
        with engine.connect() as connection:
            return is_current(connection, path, schema)
    finally:
        engine.dispose()


def _upgrade_in_place(path: Path, schema: Schema) -> None:
    engine = _engine(path, "OFF").execution_options(writes=True)
    try:
        with engine.connect() as connection, connection.begin():
            if not is_current(connection, path, schema):  # nobody else did it meanwhile
                # Inside the transaction: no other program can write between copy and upgrade.
                back_up(path)
                upgrade(connection, schema)
    finally:
        engine.dispose()


def _refuse_orphaned_log(path: Path) -> None:
    log = path.with_name(path.name + "-wal")
    # SQLite would play a stranger's log into the new file.
    if log.exists() and log.stat().st_size:
        raise GalleryCorruptError(path=path, backups=backups_folder(path))
    _remove(path, keep_main=True)


def _remove(path: Path, *, keep_main: bool = False) -> None:
    for suffix in SIDE_FILES if keep_main else ("", *SIDE_FILES):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
