import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import (
    GalleryCorruptError,
    GalleryTamperedError,
    GalleryUnwritableError,
    KeysDeniedError,
    KeysMissingError,
    KeysUnavailableError,
    KeysWrongError,
)
from core.gallery.database import alone, create_database, make_private_folder
from core.gallery.lock import lock_facts, new_secrets
from core.gallery.sqlite_gallery import SqliteGallery
from core.gallery.tables import MetaRow
from core.security.key_store import choose_key_store
from core.security.sealing import new_key
from core.settings import Folders, locate_folders
from tests.core.gallery.conftest import FullDisk, OpenGallery
from tests.fakes.captures import make_capture
from tests.fakes.key_store import MemoryKeyStore

NOBODY = 65534  # the user that owns nothing
FOLDER_NAMES = ["a#b", "a%41b", "a b", "á", "-a", "a;b&mode=ro"]
if os.name != "nt":  # which refuses these
    FOLDER_NAMES += ["a?b", ":memory:", os.fsdecode(b"\xff")]


@pytest.fixture
def enrolled(open_gallery: OpenGallery) -> None:
    """Anna is enrolled, and the gallery is closed."""
    gallery = open_gallery()
    gallery.enrol("Anna", [make_capture()])
    gallery.close()


@pytest.fixture
def ordinary_user() -> Iterator[Path]:
    """A folder of a user who is not root, as that user."""
    if os.name == "nt":
        pytest.skip("Windows keeps no such modes")
    root = os.geteuid() == 0
    folder = Path(tempfile.mkdtemp())
    if root:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    yield folder
    if root:
        os.seteuid(0)
    for entry in [folder, *folder.rglob("*")]:
        entry.chmod(0o700)
    for entry in sorted(folder.rglob("*"), reverse=True):
        entry.rmdir() if entry.is_dir() else entry.unlink()
    folder.rmdir()


def files(folders: Folders) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folders.data.iterdir() if path.is_file()}


def test_a_gallery_is_found_again_with_its_subjects(
    open_gallery: OpenGallery, enrolled: None
) -> None:
    assert [subject.name for subject in open_gallery().subjects()] == ["Anna"]


@pytest.mark.parametrize("name", FOLDER_NAMES)
def test_a_data_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    folders, store = locate_folders(tmp_path / name), MemoryKeyStore()

    for _ in range(2):
        gallery = SqliteGallery.open(folders, store)
        subjects = gallery.subjects()
        if not subjects:
            gallery.enrol("Anna", [make_capture()])
        gallery.close()

    assert [subject.name for subject in subjects] == ["Anna"]
    assert (tmp_path / name / "gallery.sqlite").is_file()


def test_a_missing_key_is_named_and_no_new_one_is_made(
    open_gallery: OpenGallery, folders: Folders, enrolled: None
) -> None:
    before, empty = files(folders), MemoryKeyStore()

    with pytest.raises(KeysMissingError, match="a key in memory"):
        open_gallery(store=empty)

    assert empty.key is None
    assert files(folders) == before


def test_a_wrong_key_is_told_from_a_missing_one(
    open_gallery: OpenGallery, folders: Folders, enrolled: None
) -> None:
    before = files(folders)

    with pytest.raises(KeysWrongError):
        open_gallery(store=MemoryKeyStore(new_key()))

    assert files(folders) == before


def test_a_refused_key_stays_what_it_is(open_gallery: OpenGallery, enrolled: None) -> None:
    with pytest.raises(KeysDeniedError):
        open_gallery(store=MemoryKeyStore(denied=True))


def test_a_tampered_data_key_is_told_from_a_wrong_key(
    open_gallery: OpenGallery, folders: Folders, enrolled: None
) -> None:
    with closing(sqlite3.connect(folders.gallery_file)) as raw, raw:
        raw.execute("UPDATE meta SET value = zeroblob(60) WHERE key = 'wrapped_data_key'")

    with pytest.raises(GalleryTamperedError, match="meta/wrapped_data_key"):
        open_gallery()


def test_a_gallery_of_zeros_is_left_alone_and_so_is_its_key(
    open_gallery: OpenGallery, folders: Folders, key_store: MemoryKeyStore, enrolled: None
) -> None:
    key = key_store.key
    folders.gallery_file.write_bytes(b"\x00" * 40_960)

    with pytest.raises(GalleryCorruptError):
        open_gallery()

    assert folders.gallery_file.read_bytes() == b"\x00" * 40_960
    assert key_store.key == key


def test_the_key_of_a_gallery_that_was_removed_serves_the_next_one(
    open_gallery: OpenGallery, folders: Folders, key_store: MemoryKeyStore, enrolled: None
) -> None:
    key = key_store.key
    folders.gallery_file.unlink()

    assert open_gallery().subjects() == ()
    assert key_store.key == key


@pytest.mark.skipif(os.name == "nt", reason="Windows lets not everybody make links")
def test_a_link_to_a_gallery_that_is_away_is_not_replaced(
    open_gallery: OpenGallery, folders: Folders
) -> None:
    folders.data.mkdir()
    folders.gallery_file.symlink_to(folders.data / "unplugged" / "gallery.sqlite")

    with pytest.raises(GalleryUnwritableError, match="No such file"):
        open_gallery()

    assert folders.gallery_file.is_symlink()


def test_no_gallery_is_made_without_a_key(open_gallery: OpenGallery, folders: Folders) -> None:
    with pytest.raises(KeysDeniedError):
        open_gallery(store=MemoryKeyStore(denied=True))

    assert not folders.gallery_file.exists()


def test_a_new_passphrase_is_asked_for_once(folders: Folders) -> None:
    asked: list[str] = []

    def ask() -> str:
        asked.append("asked")
        return "open sesame"

    SqliteGallery.open(folders, choose_key_store("passphrase", folders, ask)).close()

    assert asked == ["asked"]


def test_a_program_that_was_overtaken_opens_what_the_other_one_made(
    open_gallery: OpenGallery, folders: Folders, key_store: MemoryKeyStore
) -> None:
    make_private_folder(folders.data)
    opened: list[SqliteGallery] = []
    with alone(folders.gallery_file):
        late = threading.Thread(target=lambda: opened.append(open_gallery()))
        late.start()
        key_store.key = new_key()
        facts = lock_facts(new_secrets(key_store.key), key_store.place, None)
        create_database(
            folders.gallery_file,
            lambda session: session.add_all(MetaRow(key=k, value=v) for k, v in facts.items()),
        )
        key = key_store.key
    late.join()

    assert opened[0].subjects() == ()
    assert key_store.key == key


def test_a_gallery_moves_with_its_folder(folders: Folders, tmp_path: Path) -> None:
    gallery = SqliteGallery.open(folders, choose_key_store("file", folders, None))
    gallery.enrol("Anna", [make_capture()])
    gallery.close()

    moved = locate_folders(folders.data.rename(tmp_path / "moved"))
    gallery = SqliteGallery.open(moved, choose_key_store("auto", moved, None))

    assert [subject.name for subject in gallery.subjects()] == ["Anna"]
    gallery.close()


def test_a_file_in_place_of_the_data_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")

    with pytest.raises(GalleryUnwritableError):
        SqliteGallery.open(locate_folders(tmp_path / "data"), MemoryKeyStore())

    assert (tmp_path / "data").read_text() == "mine"


def test_a_folder_that_may_not_be_written_is_told_before_a_key_is_made(
    ordinary_user: Path,
) -> None:
    ordinary_user.chmod(0o500)
    store = MemoryKeyStore()

    for data in (ordinary_user, ordinary_user / "below"):
        with pytest.raises(GalleryUnwritableError):
            SqliteGallery.open(locate_folders(data), store)

    assert store.key is None


def test_a_gallery_in_a_folder_that_became_read_only_is_told(ordinary_user: Path) -> None:
    folders, store = locate_folders(ordinary_user), MemoryKeyStore()
    SqliteGallery.open(folders, store).close()
    folders.gallery_file.chmod(0o400)
    ordinary_user.chmod(0o500)
    try:
        with pytest.raises(GalleryUnwritableError):
            SqliteGallery.open(folders, store).enrol("Anna", [make_capture()])
    finally:
        ordinary_user.chmod(0o700)


def test_no_gallery_begins_on_a_full_disk(folders: Folders, full_disk: FullDisk) -> None:
    folders.data.mkdir()

    with full_disk(), pytest.raises((GalleryUnwritableError, KeysUnavailableError)):
        SqliteGallery.open(folders, choose_key_store("file", folders, None))

    assert {path.name for path in folders.data.iterdir()} <= {"gallery.lock"}


def test_a_full_disk_takes_nothing_from_a_gallery(
    open_gallery: OpenGallery, full_disk: FullDisk
) -> None:
    gallery = open_gallery()
    anna = gallery.enrol("Anna", [make_capture(1)])

    with full_disk(), pytest.raises(GalleryUnwritableError, match="nothing was changed"):
        gallery.enrol("Bob", [make_capture(2)])

    assert gallery.subjects() == (anna,)
    assert gallery.damaged() == ()
