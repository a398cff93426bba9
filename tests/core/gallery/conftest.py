from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from core.gallery.sqlite_gallery import SqliteGallery
from core.settings import Folders, locate_folders
from tests.fakes.key_store import MemoryKeyStore

OpenGallery = Callable[..., SqliteGallery]
FullDisk = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return locate_folders(tmp_path / "data")


@pytest.fixture
def key_store() -> MemoryKeyStore:
    return MemoryKeyStore()


@pytest.fixture
def open_gallery(folders: Folders, key_store: MemoryKeyStore) -> Iterator[OpenGallery]:
    """Opens the gallery of the test, again and again; all are closed afterwards."""
    opened: list[SqliteGallery] = []

    def open_it(*, store: MemoryKeyStore = key_store, keep_crops: bool = True) -> SqliteGallery:
        opened.append(SqliteGallery.open(folders, store, keep_crops=keep_crops))
        return opened[-1]

    yield open_it
    for gallery in opened:
        gallery.close()


@contextmanager
def _no_file_may_grow() -> Iterator[None]:
    resource = pytest.importorskip("resource", reason="this system has no limits of that kind")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def full_disk() -> FullDisk:
    """While it is entered no file may grow, as on a disk without space; root is not exempt.

    It is left before the test ends, since the runner may be writing its own report to a file.
    """
    return _no_file_may_grow
