import shutil

import pytest

from core.attempts.incoming import Kind, read_incoming
from core.gallery.archive_errors import ArchiveForeignError, ArchiveKeyError
from core.gallery.export import write_plain
from tests.core.attempts.test_people_pictures import eyes, paint
from tests.core.gallery.archives import PASSPHRASE, quick_lock, write
from tests.core.gallery.studio import make_library
from tests.fakes.holdings import make_held, told
from tests.fakes.painted import RED


def ask() -> str:
    return PASSPHRASE


def never() -> str:
    raise AssertionError("nobody is to be asked")


def blind():
    raise AssertionError("nothing is to be looked at")


def read(incoming):
    with incoming.subjects() as subjects:
        return list(subjects)


ANNA = make_held("Anna", 1)


@pytest.fixture
def library(tmp_path):
    return make_library(tmp_path / "studio" / "insightface_gui.db")


def test_a_sealed_archive_asks_once_and_can_be_read_twice(tmp_path) -> None:
    path = write(tmp_path / "out.pfgallery", ANNA, lock=quick_lock())
    asked: list[int] = []

    incoming = read_incoming(path, lambda: (asked.append(1), PASSPHRASE)[1], blind)

    assert (incoming.kind, incoming.total) == (Kind.ARCHIVE, 1)
    assert [told(one) for one in read(incoming)] == [told(ANNA)]
    assert [told(one) for one in read(incoming)] == [told(ANNA)]
    assert asked == [1]


def test_a_wrong_passphrase_is_told_at_once(tmp_path) -> None:
    path = write(tmp_path / "out.pfgallery", ANNA, lock=quick_lock())

    with pytest.raises(ArchiveKeyError):
        read_incoming(path, lambda: "wrong", blind)


def test_a_plain_archive_is_known_by_what_it_is_not_by_its_name(tmp_path) -> None:
    path = write(tmp_path / "out.zip", ANNA)

    incoming = read_incoming(path, never, blind)

    assert (incoming.kind, len(read(incoming))) == (Kind.ARCHIVE, 1)


def test_a_plain_copy_is_read(tmp_path) -> None:
    write_plain(tmp_path / "copy.db", [ANNA])

    incoming = read_incoming(tmp_path / "copy.db", never, blind)

    assert (incoming.kind, incoming.total) == (Kind.PLAIN, 1)
    assert [told(one) for one in read(incoming)] == [told(ANNA)]


def test_a_folder_of_folders_is_looked_at(tmp_path) -> None:
    paint(tmp_path / "Anna" / "a.png", RED)
    paint(tmp_path / "Anna" / "nobody.png", None)

    incoming = read_incoming(tmp_path, never, eyes)

    assert (incoming.kind, incoming.total, len(incoming.refused)) == (Kind.FOLDER, 1, 1)
    shutil.rmtree(tmp_path / "Anna")
    assert [one.name for one in read(incoming)] == ["Anna"]


def test_a_people_library_is_looked_at_picture_by_picture(library, tmp_path) -> None:
    """Of three pictures in it one is still where the library says."""
    paint(library.parent / "crops" / "a.png", RED)

    incoming = read_incoming(library, never, eyes)

    assert (incoming.kind, incoming.total, len(incoming.refused)) == (Kind.STUDIO, 1, 2)
    [anna] = read(incoming)
    assert (anna.name, anna.note, anna.references[0].source) == ("Anna", "a note", "a.png")


@pytest.mark.parametrize("content", [b"", b"words", b"\x89PNG", b"PK\x03\x04 not really"])
def test_anything_else_is_told_in_words(tmp_path, content: bytes) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(content)

    with pytest.raises(ArchiveForeignError, match="neither an archive"):
        read_incoming(path, never, blind)


def test_nothing_there_is_told_in_words(tmp_path) -> None:
    with pytest.raises(ArchiveForeignError, match="no such file"):
        read_incoming(tmp_path / "gone", never, blind)
