import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Engine, create_engine

from core.errors import GalleryCorruptError, GalleryNewerError
from core.gallery import database
from core.gallery.database import create_database, open_database
from core.gallery.schema import SCHEMA, Schema, back_up, check_header, copy_database, is_current
from core.gallery.tables import MetaRow, Table
from tests.fakes.files import ODD_NAME, is_private

ROOT = Path(__file__).parents[3]
NEXT_STEP = '''"""Adds a column by rebuilding the table, as many steps have to in SQLite."""
import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("subjects", recreate="always") as subjects:
        subjects.add_column(sa.Column("expires_at", sa.DateTime(), nullable=True))
    {fault}
'''


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / ODD_NAME
    folder.mkdir()
    return folder / "gallery.sqlite"


@pytest.fixture
def gallery_file(path: Path) -> Path:
    """A gallery of the present schema with one subject and one reference."""
    create_database(path, lambda session: session.add(MetaRow(key="kept", value=b"kept")))
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(
            "INSERT INTO subjects VALUES ('s', x'00', x'00', x'00', '2026-01-01', NULL, NULL)"
        )
        raw.execute("INSERT INTO \"references\" VALUES ('r', 's', 1, '2026-01-01')")
        raw.execute("INSERT INTO templates VALUES ('r', 'm', x'00')")
    return path


@pytest.fixture
def engine(gallery_file: Path) -> Iterator[Engine]:
    engine = create_engine(URL.create("sqlite", database=str(gallery_file)))
    yield engine
    engine.dispose()


def schema_of_tomorrow(tmp_path: Path, fault: str = "") -> Schema:
    """Today's steps and one more, in a folder whose name would trip a format string."""
    folder = tmp_path / "steps 100%"
    (folder / "versions").mkdir(parents=True, exist_ok=True)
    for name in ("env.py", "versions/r0001_first.py", "versions/r0002_trust.py"):
        (folder / name).write_bytes((SCHEMA.folder / name).read_bytes())
    (folder / "versions" / "r0003_next.py").write_text(NEXT_STEP.replace("{fault}", fault))
    return Schema(folder, (*SCHEMA.revisions, "0003"))


def contents(path: Path) -> dict[str, list[object]]:
    with closing(sqlite3.connect(path)) as raw:
        tables = ("subjects", "references", "templates", "meta", "alembic_version")
        return {name: list(raw.execute(f'SELECT * FROM "{name}"')) for name in tables}


def test_the_revisions_are_those_of_the_steps() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCHEMA.folder))
    steps = ScriptDirectory.from_config(config).walk_revisions()

    assert [step.revision for step in reversed(list(steps))] == list(SCHEMA.revisions)


def test_the_steps_make_exactly_the_tables_that_the_program_uses(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []


def test_the_present_schema_needs_no_upgrade(engine: Engine, gallery_file: Path) -> None:
    with engine.connect() as connection:
        assert is_current(connection, gallery_file, SCHEMA)


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", GalleryNewerError),
        ("DELETE FROM alembic_version", GalleryCorruptError),
    ],
)
def test_an_unknown_schema_is_refused_and_left_as_it_is(
    gallery_file: Path, statement: str, error: type[Exception]
) -> None:
    with closing(sqlite3.connect(gallery_file)) as raw, raw:
        raw.execute(statement)
    before = gallery_file.read_bytes()

    with pytest.raises(error):
        open_database(gallery_file)

    assert gallery_file.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 8192, b"SQLite format 3\x00", b"not a database" * 100],
    ids=["empty", "zeros", "cut short", "text"],
)
def test_what_is_no_gallery_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with pytest.raises(GalleryCorruptError, match=r"gallery\.sqlite.*backups"):
        open_database(path)

    assert path.read_bytes() == content
    assert [entry.name for entry in path.parent.iterdir()] == ["gallery.sqlite"]


def test_another_programs_database_is_no_gallery(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("CREATE TABLE notes (text TEXT)")

    with pytest.raises(GalleryCorruptError):
        check_header(path)


def test_an_upgrade_keeps_every_row_and_the_one_it_points_at(
    gallery_file: Path, tmp_path: Path
) -> None:
    before = contents(gallery_file)

    open_database(gallery_file, schema_of_tomorrow(tmp_path)).close()

    after = contents(gallery_file)
    assert after["alembic_version"] == [("0003",)]
    assert after["subjects"] == [(*before["subjects"][0], None)]  # type: ignore[misc]
    for name in ("references", "templates", "meta"):
        assert after[name] == before[name]


def test_a_backup_of_the_old_schema_is_made_before_an_upgrade(
    gallery_file: Path, tmp_path: Path
) -> None:
    before = contents(gallery_file)

    open_database(gallery_file, schema_of_tomorrow(tmp_path)).close()

    [backup] = (gallery_file.parent / "backups").iterdir()
    assert contents(backup) == before
    assert is_private(backup)
    open_database(backup).close()


def test_no_upgrade_means_no_backup(gallery_file: Path) -> None:
    open_database(gallery_file).close()
    database._upgrade_in_place(gallery_file, SCHEMA)  # as when another program was faster

    assert not (gallery_file.parent / "backups").exists()


def test_an_upgrade_that_fails_half_way_changes_nothing_and_can_be_run_again(
    gallery_file: Path, tmp_path: Path
) -> None:
    before = contents(gallery_file)

    with pytest.raises(ZeroDivisionError):
        open_database(gallery_file, schema_of_tomorrow(tmp_path, fault="1 / 0"))
    assert contents(gallery_file) == before

    open_database(gallery_file, schema_of_tomorrow(tmp_path)).close()
    assert contents(gallery_file)["alembic_version"] == [("0003",)]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signal that ends a process at once")
def test_a_process_killed_in_the_middle_of_an_upgrade_changes_nothing(
    gallery_file: Path, tmp_path: Path
) -> None:
    before = contents(gallery_file)
    schema = schema_of_tomorrow(tmp_path, fault="import os; os.kill(os.getpid(), 9)")
    program = (
        "from pathlib import Path; from core.gallery.database import open_database;"
        "from core.gallery.schema import Schema;"
        f"open_database(Path({str(gallery_file)!r}),"
        f" Schema(Path({str(schema.folder)!r}), {schema.revisions!r}))"
    )

    killed = subprocess.run([sys.executable, "-c", program], check=False, cwd=ROOT)

    assert killed.returncode == -9
    assert contents(gallery_file) == before
    open_database(gallery_file, schema_of_tomorrow(tmp_path)).close()
    assert contents(gallery_file)["alembic_version"] == [("0003",)]


def test_left_overs_of_an_interrupted_upgrade_are_no_obstacle(
    gallery_file: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(gallery_file)) as raw, raw:
        raw.execute("CREATE TABLE _alembic_tmp_subjects (id TEXT)")

    open_database(gallery_file, schema_of_tomorrow(tmp_path)).close()

    with closing(sqlite3.connect(gallery_file)) as raw:
        names = {name for (name,) in raw.execute("SELECT name FROM sqlite_master")}
    assert "_alembic_tmp_subjects" not in names
    assert contents(gallery_file)["alembic_version"] == [("0003",)]


def test_an_upgrade_that_would_orphan_rows_is_taken_back(
    gallery_file: Path, tmp_path: Path
) -> None:
    before = contents(gallery_file)
    schema = schema_of_tomorrow(tmp_path, fault='op.execute("DELETE FROM subjects")')

    with pytest.raises(RuntimeError, match="without owner"):
        open_database(gallery_file, schema)

    assert contents(gallery_file) == before


def test_a_backup_holds_what_still_lies_in_the_log(gallery_file: Path) -> None:
    writer = open_database(gallery_file)
    with writer.writing() as session:
        session.add(MetaRow(key="new", value=b"new"))
    assert gallery_file.with_name("gallery.sqlite-wal").stat().st_size > 0

    backup = back_up(gallery_file)

    assert ("new", b"new") in contents(backup)["meta"]
    writer.close()


def test_a_copy_is_one_file_that_needs_no_side_files(gallery_file: Path, tmp_path: Path) -> None:
    open_database(gallery_file).close()
    (tmp_path / "copies").mkdir()

    copy_database(gallery_file, tmp_path / "copies" / "copy.sqlite")

    assert contents(tmp_path / "copies" / "copy.sqlite") == contents(gallery_file)
    assert [entry.name for entry in (tmp_path / "copies").iterdir()] == ["copy.sqlite"]
