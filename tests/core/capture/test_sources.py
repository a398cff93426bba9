import os
from pathlib import Path

import pytest

from core.capture.animations import AnimationSource
from core.capture.camera import OpenCvCamera
from core.capture.errors import CameraMissingError, FolderEmptyError, SourceUnknownError
from core.capture.files import PictureSource
from core.capture.sources import open_source, passed_over
from core.capture.stream import StreamSource
from core.capture.videos import VideoSource
from tests.core.capture.picture_bytes import encoded, picture
from tests.core.capture.video_files import write_video
from tests.fakes.frames import a_camera, listing_of

LISTING = listing_of(a_camera("Logitech C270", 0, "046D:0825"))


@pytest.mark.parametrize("text", ["0", "logitech", "046d:0825"])
def test_numbers_names_and_usb_ids_are_cameras(text: str) -> None:
    source = open_source(text, LISTING)

    assert isinstance(source, OpenCvCamera)
    assert "C270" in source.identity


@pytest.mark.parametrize("text", ["rtsp://user:secret@host/x", "HTTP://host/video"])
def test_addresses_are_streams(text: str) -> None:
    source = open_source(text, LISTING)

    assert isinstance(source, StreamSource)
    assert "secret" not in source.identity


def test_files_are_told_by_their_bytes(tmp_path: Path) -> None:
    moving = encoded(picture(), "GIF", save_all=True, append_images=[picture(80, 64)])
    cases: dict[str, tuple[bytes, type]] = {
        "a picture 😀.txt": (encoded(picture(), "JPEG"), PictureSource),
        "-moving.dat": (moving, AnimationSource),
        "clip": (write_video(tmp_path / "clip.avi").read_bytes(), VideoSource),
        "notes.jpg": (b"text", VideoSource),
    }
    for name, (data, kind) in cases.items():
        (tmp_path / name).write_bytes(data)
        assert isinstance(open_source(str(tmp_path / name), LISTING), kind), name


def test_a_folder_is_a_source_of_pictures(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded(picture(), "PNG"))

    source = open_source(str(tmp_path), LISTING)

    assert isinstance(source, PictureSource)
    assert source.read() is not None


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(FolderEmptyError):
        open_source(str(tmp_path), LISTING)


def test_a_file_called_like_a_camera_is_reached_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("0").write_bytes(encoded(picture(), "PNG"))

    assert isinstance(open_source("0", LISTING), OpenCvCamera)
    assert isinstance(open_source("./0", LISTING), PictureSource)


@pytest.mark.parametrize("text", ["missing.jpg", "", "no\0thing", "x" * 5000, "ftp://a:pw@host/x"])
def test_anything_else_is_told_with_what_would_do(text: str) -> None:
    with pytest.raises(SourceUnknownError) as caught:
        open_source(text, LISTING)

    assert caught.value.code == "source.unknown"
    assert caught.value.exit_code == 2
    assert "pw" not in caught.value.sentence


def test_a_number_without_a_camera_is_a_missing_camera() -> None:
    with pytest.raises(CameraMissingError, match="'7'"):
        open_source("7", LISTING)


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no names that are not text")
def test_names_that_are_not_utf8_work_and_can_be_printed(tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    Path(name).write_bytes(encoded(picture(), "PNG"))

    assert open_source(name, LISTING).identity.encode("utf-8")


def test_files_of_a_folder_that_are_no_pictures_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded(picture(), "PNG"))
    (tmp_path / "b.txt").write_text("words", encoding="utf-8")
    source = open_source(str(tmp_path))
    assert passed_over(source) == ""
    while source.read() is not None:
        pass

    assert passed_over(source).startswith("1 file of the folder was passed over")
    assert "b.txt" in passed_over(source)
    (tmp_path / "c.txt").write_text("words", encoding="utf-8")
    again = open_source(str(tmp_path))
    while again.read() is not None:
        pass
    assert passed_over(again).startswith("2 files were passed over")
