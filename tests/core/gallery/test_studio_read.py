import sqlite3
from contextlib import closing

import pytest

from core.gallery.archive_errors import ArchiveDamagedError, ArchiveInvalidError
from core.gallery.plain_read import is_sqlite
from core.gallery.studio_read import is_studio, read_studio
from tests.core.gallery.archives import FORMATS
from tests.core.gallery.studio import make_library


@pytest.fixture
def library(tmp_path):
    return make_library(tmp_path / "insightface_gui.db")


def test_people_come_with_the_files_that_may_show_them(library) -> None:
    anna, bob = read_studio(library)

    assert (anna.name, anna.note, bob.name) == ("Anna", "a note", "Bob")
    assert [[str(path) for path in files] for files in anna.pictures] == [
        ["/photos/a.jpg", str(library.parent / "crops" / "a.png")],
        [str(library.parent / "crops" / "b.png")],
    ]
    assert [len(files) for files in bob.pictures] == [1]


def test_it_is_told_apart_from_other_databases(library) -> None:
    assert is_studio(library)
    assert is_sqlite(FORMATS / "plain-1.sqlite")
    assert not is_studio(FORMATS / "plain-1.sqlite")


def test_a_name_that_is_none_is_refused(library) -> None:
    with closing(sqlite3.connect(library)) as database, database:
        database.execute("UPDATE people SET name = x'ff' WHERE id = 1")

    with pytest.raises(ArchiveInvalidError, match="name"):
        read_studio(library)


def test_a_cut_off_library_is_damaged(library) -> None:
    library.write_bytes(library.read_bytes()[:5000])

    with pytest.raises(ArchiveDamagedError):
        read_studio(library)
