import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from core.errors import GalleryCorruptError, GalleryLockedError, GalleryUnwritableError
from core.gallery import database as database_module
from core.gallery.database import (
    Database,
    alone,
    create_database,
    make_private_folder,
    open_database,
)
from core.gallery.tables import CropRow, MetaRow
from tests.fakes.files import is_private


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gallery.sqlite"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    create_database(path, lambda session: session.add(MetaRow(key="first", value=b"1")))
    database = open_database(path)
    yield database
    database.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "BUSY_S", 0.05)


def keys(database: Database) -> set[str]:
    with database.reading() as session:
        return {row.key for row in session.query(MetaRow)}


def put(database: Database, key: str) -> None:
    with database.writing() as session:
        session.add(MetaRow(key=key, value=b""))


def test_a_new_database_has_its_first_rows_and_nothing_beside_it(path: Path) -> None:
    create_database(path, lambda session: session.add(MetaRow(key="first", value=b"1")))

    assert [entry.name for entry in path.parent.iterdir()] == ["gallery.sqlite"]
    assert is_private(path)


def test_a_database_that_cannot_be_completed_leaves_nothing(path: Path) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        create_database(path, fail)

    assert list(path.parent.iterdir()) == []


def test_the_draft_of_a_killed_process_is_no_obstacle(path: Path) -> None:
    path.with_name("gallery.sqlite.new").write_bytes(b"half")
    path.with_name("gallery.sqlite.new-journal").write_bytes(b"half")

    create_database(path, lambda session: session.add(MetaRow(key="first", value=b"1")))

    assert [entry.name for entry in path.parent.iterdir()] == ["gallery.sqlite"]


def test_the_log_of_a_gallery_that_is_gone_is_not_played_into_a_new_one(path: Path) -> None:
    log = path.with_name("gallery.sqlite-wal")
    log.write_bytes(b"what was committed last")

    with pytest.raises(GalleryCorruptError):
        create_database(path, lambda session: session.flush())

    assert log.read_bytes() == b"what was committed last"
    assert not path.exists()


def test_an_empty_log_without_its_gallery_is_cleared_away(path: Path) -> None:
    path.with_name("gallery.sqlite-wal").touch()

    create_database(path, lambda session: session.flush())

    assert not path.with_name("gallery.sqlite-wal").exists()


def test_a_write_that_fails_is_taken_back_whole(database: Database) -> None:
    def begin_and_fail() -> None:
        with database.writing() as session:
            session.add(MetaRow(key="second", value=b""))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        begin_and_fail()

    assert keys(database) == {"first"}


def test_rows_without_an_owner_are_refused(database: Database) -> None:
    with pytest.raises(IntegrityError), database.writing() as session:
        session.add(CropRow(reference_id="nobody", sealed_crop=b""))


def test_deleted_bytes_are_overwritten(database: Database, path: Path) -> None:
    secret = os.urandom(64)
    with database.writing() as session:
        session.add(MetaRow(key="secret", value=secret))
    with database.writing() as session:
        session.query(MetaRow).where(MetaRow.key == "secret").delete()

    database.empty_log()

    assert all(secret not in entry.read_bytes() for entry in path.parent.iterdir())


def test_a_reader_is_not_kept_waiting_by_a_writer(
    database: Database, path: Path, impatient: None
) -> None:
    other = open_database(path)
    with database.writing() as session:
        session.add(MetaRow(key="second", value=b""))
        session.flush()

        assert keys(other) == {"first"}

    assert keys(other) == {"first", "second"}
    other.close()


def test_a_writer_that_waits_too_long_says_that_the_gallery_is_in_use(
    database: Database, path: Path, impatient: None
) -> None:
    other = open_database(path)
    with database.writing() as session:
        session.add(MetaRow(key="second", value=b""))
        session.flush()

        with pytest.raises(GalleryLockedError):
            put(other, "third")

    put(other, "third")
    assert keys(database) == {"first", "second", "third"}
    other.close()


def test_one_process_at_a_time_makes_or_upgrades_a_gallery(path: Path, impatient: None) -> None:
    with alone(path), pytest.raises(GalleryLockedError), alone(path):
        pass

    with alone(path):
        pass


def test_a_database_may_be_used_by_one_thread_after_another(database: Database) -> None:
    for number in range(3):
        thread = threading.Thread(target=put, args=(database, f"thread {number}"))
        thread.start()
        thread.join()

    assert keys(database) == {"first", "thread 0", "thread 1", "thread 2"}


def test_a_damaged_page_is_found(database: Database, path: Path) -> None:
    with database.writing() as session:
        session.add_all(MetaRow(key=f"row {n} {'x' * 100}", value=b"") for n in range(200))
    database.check()
    database.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))

    damaged = Database(path)
    with pytest.raises(GalleryCorruptError):
        damaged.check()
    damaged.close()


def test_closing_twice_is_harmless_and_folds_the_log_away(database: Database, path: Path) -> None:
    put(database, "second")

    database.close()
    database.close()

    assert {entry.name for entry in path.parent.iterdir()} == {"gallery.sqlite"}


def test_every_commit_is_on_the_disk_before_it_returns(database: Database) -> None:
    pragmas = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}

    with database.reading() as session:
        connection = session.connection()
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas}

    assert found == pragmas


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such modes")
def test_a_gallery_that_others_could_read_is_taken_back(database: Database, path: Path) -> None:
    database.close()
    path.chmod(0o644)

    open_database(path).close()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such modes")
def test_only_a_folder_of_our_own_is_made_private(tmp_path: Path) -> None:
    new, ours, shared = tmp_path / "a" / "new", tmp_path / "ours", tmp_path / "shared"
    for folder, entry in ((ours, "settings.toml"), (shared, "holiday.jpg")):
        folder.mkdir(mode=0o755)
        folder.chmod(0o755)
        (folder / entry).touch()

    for folder in (new, ours, shared):
        make_private_folder(folder)

    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (new, ours, shared)] == [
        0o700,
        0o700,
        0o755,
    ]


def test_a_file_in_place_of_the_gallery_folder_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(GalleryUnwritableError):
        open_database(tmp_path / "file" / "gallery.sqlite")


def test_a_foreign_lock_held_by_plain_sqlite_is_told_as_in_use(
    database: Database, path: Path, impatient: None
) -> None:
    other = open_database(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("BEGIN IMMEDIATE")

        with pytest.raises(GalleryLockedError):
            put(other, "second")
    other.close()
