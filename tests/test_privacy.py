"""The privacy promise of the README, sentence by sentence, as far as no other test holds it."""

import logging
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.main import run
from app.cli.specimen import specimen
from core.gallery.codec import png_of
from core.gallery.sqlite_gallery import SqliteGallery
from core.security.key_store import KeyFileStore
from core.settings import locate_folders
from tests.app.cli.lines import HEADLESS, save

pytestmark = pytest.mark.model

NAME, OTHER, NOTE = "Ánna Testperson", "Bruno Probeperson", "lives in room 12"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A data folder with the program's own model and its key in a file."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "settings.toml").write_text('key_store = "file"\n', encoding="utf-8")
    yield folder
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, logging.FileHandler)]:
        root.removeHandler(handler)
        handler.close()


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, Path]:
    files = {"anna": (0, 0), "anna again": (0, 1), "bruno": (1, 0)}
    for name, which in files.items():
        save(tmp_path / f"{name}.png", specimen(*which).pixels)
    return {name: tmp_path / f"{name}.png" for name in files}


def call(home: Path, *line: str | Path) -> int:
    return run(["--data-dir", str(home), *map(str, line)], HEADLESS, {})


def everyday(home: Path, pictures: dict[str, Path]) -> None:
    """Everything that happens to a person, failures included."""
    call(home, "enrol", NAME, pictures["anna"], "--note", NOTE)
    call(home, "enrol", NAME, pictures["anna"])
    call(home, "enrol", OTHER, pictures["bruno"])
    call(home, "verify", NAME, pictures["anna again"])
    call(home, "verify", NAME, pictures["bruno"])
    call(home, "verify", "Nobody Known", pictures["bruno"])
    call(home, "identify", pictures["anna again"])
    call(home, "people", "rename", OTHER, "Somebody Renamed")
    call(home, "people", "merge", NAME, "Somebody Renamed")
    call(home, "people", "undo")
    call(home, "people", "delete", "Somebody Renamed", "--yes")
    call(home, "people", "erase", NAME, "--yes")


def test_no_command_reaches_for_the_network(
    home: Path, pictures: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[object] = []

    def refuse(_: socket.socket, address: object) -> None:
        reached.append(address)
        raise OSError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *at, **_: refuse(socket.socket(), at))

    everyday(home, pictures)
    call(home, "doctor")

    assert reached == []


def test_the_log_holds_no_name_no_vector_and_no_picture(
    home: Path, pictures: dict[str, Path]
) -> None:
    call(home, "enrol", "First", pictures["anna"])
    folders = locate_folders(home)
    gallery = SqliteGallery.open(folders, KeyFileStore(folders))
    subject = gallery.find("First")
    crop = gallery.thumbnail(subject.subject_id)
    gallery.close()
    assert crop is not None
    everyday(home, pictures)

    logged = b"".join(path.read_bytes() for path in (home / "logs").iterdir())

    text = logged.decode()
    assert "gallery opened" in text
    for word in (NAME, "nna", OTHER, "Probe", NOTE, "Nobody Known", "Renamed", "anna", "bruno"):
        assert word not in text
    # A vector or picture would show as a row of numbers, or as its bytes.
    assert not re.search(r"-?0\.\d+[,\s]+-?0\.\d+[,\s]+-?0\.\d+", text)
    assert png_of(crop)[64:88] not in logged
    assert crop.pixels.tobytes()[:24] not in logged


def test_verifying_and_identifying_store_nothing(home: Path, pictures: dict[str, Path]) -> None:
    call(home, "enrol", NAME, pictures["anna"])

    def stored() -> dict[str, bytes]:
        files = (path for path in home.rglob("*") if path.is_file() and path.parent.name != "logs")
        return {str(path): path.read_bytes() for path in files}

    before = stored()
    assert call(home, "verify", NAME, pictures["anna again"]) == 0
    assert call(home, "verify", NAME, pictures["bruno"]) == 1
    call(home, "identify", pictures["bruno"])

    assert stored() == before
