import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest

from core.gallery.archive_errors import (
    ArchiveDamagedError,
    ArchiveForeignError,
    ArchiveInvalidError,
    ArchiveNewerError,
)
from core.gallery.export import write_plain
from core.gallery.plain_read import is_sqlite, open_plain
from tests.core.gallery.archives import FORMATS
from tests.fakes.captures import MODEL, OTHER_MODEL, make_capture
from tests.fakes.holdings import make_held, make_held_reference, told


def read(path):
    with open_plain(path) as export:
        return tuple(export.subjects())


@pytest.fixture
def plain(tmp_path):
    write_plain(tmp_path / "plain.sqlite", [make_held("Anna", 1, 2), make_held("Bob", 3)])
    return tmp_path / "plain.sqlite"


def change(path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        for statement in statements:
            database.execute(statement)


def test_a_plain_copy_comes_back_as_it_went_out(tmp_path) -> None:
    anna = make_held("Anna", 1, note="n", consent="c", retain_until=date(2031, 2, 3))
    both = replace(anna, references=(make_held_reference(1, MODEL, OTHER_MODEL),))
    bare = replace(make_held("Bob"), references=(make_held_reference(2, picture=False),))
    write_plain(tmp_path / "plain.sqlite", [both, bare])

    assert [told(one) for one in read(tmp_path / "plain.sqlite")] == [told(both), told(bare)]


def test_a_copy_of_the_first_format_opens() -> None:
    """It had one template a picture, and did not say how a crop came out of its picture."""
    anna, bob = read(FORMATS / "plain-1.sqlite")

    assert (anna.name, anna.note, len(anna.references)) == ("Anna Ärmel", "agreed on 1 May", 2)
    expected = make_capture(1).embedding.vector
    assert anna.references[0].templates[0].vector.tobytes() == expected.tobytes()
    assert [one.templates[0].model for one in bob.references] == [MODEL, OTHER_MODEL]
    assert (anna.references[0].crop.pixels == 40).all()


def test_reading_changes_nothing_beside_or_in_the_file(plain) -> None:
    before = plain.read_bytes()
    plain.chmod(0o400)

    read(plain)

    assert plain.read_bytes() == before
    assert [entry.name for entry in plain.parent.iterdir()] == [plain.name]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE subjects SET name = ' '", "empty"),
        ("UPDATE subjects SET name = 'Anna', id = id || 'x'", "the same name"),
        ("UPDATE subjects SET name = x'ff'", "text"),
        ("UPDATE subjects SET enrolled_at = 'yesterday'", "a time in it is none"),
        ("UPDATE subjects SET enrolled_at = '2026-01-01T00:00:00'", "zone"),
        ("UPDATE subjects SET id = '../evil' WHERE name = 'Bob'", "an id in it is none"),
        ("UPDATE captures SET quality = 1000", "0 to 100"),
        ("UPDATE captures SET quality = 'good'", "0 to 100"),
        ("UPDATE templates SET vector = zeroblob(512)", "unit length"),
        ("UPDATE templates SET vector = zeroblob(511)", "length"),
        ("UPDATE templates SET vector = 'text'", "is none"),
        ("UPDATE templates SET dimensions = 3", "another length"),
        ("UPDATE templates SET model_id = 'a model with blanks'", "model"),
        ("UPDATE templates SET captures = 0", "at least one"),
        ("UPDATE crops SET png = x'00'", "cannot be read"),
        ("UPDATE crops SET png = zeroblob(300000)", "far too large"),
        ("UPDATE crops SET transform = '1 2 3'", "warped"),
        ("UPDATE crops SET transform = '1 2 3 4 5 nan'", "warped"),
        ("UPDATE crops SET transform = 'a b c d e f'", "warped"),
    ],
)
def test_what_cannot_be_is_refused_in_words(plain, statement: str, words: str) -> None:
    change(plain, statement)

    with pytest.raises(ArchiveInvalidError) as caught:
        read(plain)

    assert words in caught.value.sentence


def test_a_value_longer_than_any_is_not_loaded(plain) -> None:
    change(plain, "UPDATE subjects SET note = hex(zeroblob(3000000))")

    with pytest.raises(ArchiveDamagedError, match="too big"):
        read(plain)


def test_more_pictures_of_somebody_than_anybody_has_are_refused(plain) -> None:
    change(
        plain,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
        "INSERT INTO captures SELECT 'c' || i, (SELECT id FROM subjects), 50, '', '' FROM n",
    )

    with pytest.raises(ArchiveInvalidError, match="more than 4096"):
        read(plain)


def test_a_view_in_place_of_a_table_is_not_asked(tmp_path) -> None:
    """A view of the first format's name could run forever."""
    path = tmp_path / "trap.sqlite"
    change(
        path,
        "CREATE TABLE readme (a)",
        "CREATE TABLE templates (a)",
        "CREATE TABLE crops (a)",
        "CREATE VIEW subjects AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) "
        "SELECT i FROM n",
    )

    with pytest.raises(ArchiveForeignError):
        read(path)


def test_a_newer_copy_is_told_apart(plain) -> None:
    change(plain, "PRAGMA user_version = 3")

    with pytest.raises(ArchiveNewerError, match="format 3"):
        read(plain)


def test_a_cut_off_copy_is_damaged(plain) -> None:
    plain.write_bytes(plain.read_bytes()[:9000])

    with pytest.raises(ArchiveDamagedError):
        read(plain)


def test_the_gallery_itself_is_no_plain_copy() -> None:
    with pytest.raises(ArchiveForeignError):
        read(FORMATS / "gallery-0001-file" / "gallery.sqlite")


def test_sqlite_files_are_known_by_how_they_begin(plain, tmp_path) -> None:
    assert is_sqlite(plain)
    assert not is_sqlite(tmp_path)
    assert not is_sqlite(tmp_path / "missing")
