"""Which files are prepared, and which frames of each are looked at."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import CaptureError
from training.errors import DataError
from training.prepare.photos import frames_of, list_photos


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def animation(path: Path, frames: int, frame_ms: int) -> Path:
    pictures = [Image.new("RGB", (32, 32), (8 * n, 90, 0)) for n in range(frames)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=frame_ms)
    return path


def test_the_first_folder_names_the_person(tmp_path: Path) -> None:
    put(tmp_path, "Ann/2019/1.jpg", "Ann/2.jpg", "Bob/1.jpg")

    found = list_photos([tmp_path], labelled=True)

    assert [(photo.person, photo.name) for photo in found] == [
        ("Ann", "Ann/2.jpg"),
        ("Ann", "Ann/2019/1.jpg"),
        ("Bob", "Bob/1.jpg"),
    ]


def test_unlabelled_photos_may_lie_anywhere_and_name_nobody(tmp_path: Path) -> None:
    put(tmp_path, "1.jpg", "Ann/2.jpg", "film.mp4")

    folder = list_photos([tmp_path], labelled=False)
    file = list_photos([tmp_path / "film.mp4"], labelled=False)

    assert [(photo.person, photo.name) for photo in folder] == [
        ("", "1.jpg"),
        ("", "film.mp4"),
        ("", "Ann/2.jpg"),
    ]
    assert [photo.name for photo in file] == ["film.mp4"]


@pytest.mark.parametrize("labelled", [True, False])
def test_a_root_without_files_or_that_is_not_there_is_refused(
    labelled: bool, tmp_path: Path
) -> None:
    for root in (tmp_path, tmp_path / "absent"):
        with pytest.raises(DataError):
            list_photos([root], labelled=labelled)


def test_a_changed_file_has_another_key(tmp_path: Path) -> None:
    put(tmp_path, "Ann/1.jpg", "Bob/1.jpg")
    first, other = list_photos([tmp_path], labelled=True)
    before = first.key()

    assert before != other.key()
    first.path.write_bytes(b"longer")
    assert first.key() != before


def test_a_photo_is_one_still_frame(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), (0, 0, 255)).save(tmp_path / "1.jpg")

    (shown,) = frames_of(tmp_path / "1.jpg", 1.0)

    assert not shown.moving
    assert shown.frame.pixels.shape == (30, 40, 3)
    assert np.abs(shown.frame.pixels[0, 0].astype(int) - (255, 0, 0)).max() < 5  # BGR


@pytest.mark.parametrize(("every_s", "count"), [(0.05, 12), (0.2, 6), (1.0, 2), (100.0, 1)])
def test_frames_of_an_animation_are_so_far_apart(
    every_s: float, count: int, tmp_path: Path
) -> None:
    path = animation(tmp_path / "a.gif", 12, 100)

    shown = list(frames_of(path, every_s))

    assert len(shown) == count
    assert all(one.moving for one in shown)
    times = [one.frame.captured_at for one in shown]
    assert all(later - earlier >= every_s - 1e-9 for earlier, later in itertools.pairwise(times))


@pytest.mark.parametrize("data", [b"", b"some words", b"\x00\x01\x02" * 50, b"\xff\xd8\xff cut"])
def test_what_is_neither_picture_nor_video_is_told(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(data)

    with pytest.raises(CaptureError):
        list(frames_of(tmp_path / "a.jpg", 1.0))
