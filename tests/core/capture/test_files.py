import os
from pathlib import Path

import pytest

from core.capture.errors import FolderEmptyError, PictureUnreadableError
from core.capture.files import PICTURE_PERIOD_S, PictureSource, list_pictures, natural_key
from core.capture.pictures import PictureNote
from core.domain.frame import Frame
from core.ports import FrameSource
from tests.core.capture.picture_bytes import encoded, picture


def drain(source: FrameSource) -> list[Frame]:
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    return frames


def test_one_picture_is_a_source_of_one_frame(tmp_path: Path) -> None:
    path = tmp_path / "anna.png"
    path.write_bytes(encoded(picture(), "PNG"))
    source = PictureSource(path)

    frames = drain(source)

    assert [frame.index for frame in frames] == [0]
    assert source.identity == "picture anna.png"
    assert not source.live


def test_a_folder_is_read_in_the_order_people_count(tmp_path: Path) -> None:
    for number in (1, 2, 10):
        width = 16 * number
        (tmp_path / f"shot {number}.jpg").write_bytes(encoded(picture(width, 16), "JPEG"))

    frames = drain(PictureSource(tmp_path))

    assert [frame.width_px for frame in frames] == [16, 32, 160]
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert [frame.captured_at for frame in frames] == [0, PICTURE_PERIOD_S, 2 * PICTURE_PERIOD_S]


def test_unreadable_files_of_a_folder_are_skipped_and_counted(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"text")
    (tmp_path / "b.jpg").write_bytes(encoded(picture(), "JPEG"))
    (tmp_path / "c.jpg").write_bytes(b"")
    source = PictureSource(tmp_path)

    assert len(drain(source)) == 1
    assert [error.code for error in source.skipped] == ["picture.unreadable"] * 2
    assert "a.jpg" in source.skipped[0].sentence


def test_hidden_files_sub_folders_links_to_nowhere_and_pipes_are_passed_over(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.jpg").write_bytes(encoded(picture(), "JPEG"))
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "inner").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.jpg")
        (tmp_path / "broken.jpg").symlink_to(tmp_path / "missing.jpg")

    assert [path.name for path in list_pictures(tmp_path)] == ["a.jpg"]


def test_a_folder_without_pictures_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(FolderEmptyError) as caught:
        PictureSource(tmp_path)
    assert caught.value.code == "source.no_pictures"

    (tmp_path / "notes.txt").write_text("no picture")
    source = PictureSource(tmp_path)
    with pytest.raises(FolderEmptyError):
        source.read()


def test_a_single_unreadable_picture_raises(tmp_path: Path) -> None:
    path = tmp_path / "text.jpg"
    path.write_text("no picture")

    with pytest.raises(PictureUnreadableError):
        PictureSource(path).read()


def test_what_there_is_to_say_about_a_picture_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded(picture(), "PNG")[:-12])
    source = PictureSource(path)

    source.read()

    assert source.notes == (PictureNote.CLOSING_BYTES_MISSING,)


def test_a_closed_source_gives_nothing_more(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(encoded(picture(), "JPEG"))
    source = PictureSource(tmp_path)

    source.close()
    source.close()

    assert source.read() is None


@pytest.mark.parametrize(
    ("earlier", "later"),
    [("2", "10"), ("a2b", "a10a"), ("A1", "b1"), ("x", "x1"), ("9", "a"), ("a²", "b")],
)
def test_numbers_in_names_are_ordered_by_value(earlier: str, later: str) -> None:
    assert natural_key(earlier) < natural_key(later)
