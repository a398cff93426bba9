"""Crops from files of any size, and from memory; what is unusable says why."""

import os
from pathlib import Path

import numpy as np

from core.opencv import cv2
from training.evaluation.pictures import FACELESS, UNREADABLE, PictureArray, PictureFiles
from training.synth import draw_face, draw_photo


def folder_with(tmp_path: Path, **pictures: np.ndarray) -> PictureFiles:
    for name, pixels in pictures.items():
        cv2.imwrite(str(tmp_path / f"{name}.png"), pixels)
    return PictureFiles(tmp_path, tuple(f"{name}.png" for name in pictures))


def test_a_picture_of_112_px_is_a_crop_already(tmp_path: Path) -> None:
    crop = draw_face(1, 0)[8:120, 8:120]

    found = folder_with(tmp_path, one=crop).crop(0)

    assert np.array_equal(found, crop)


def test_any_other_picture_is_aligned_by_the_programs_own_detector(tmp_path: Path) -> None:
    files = folder_with(
        tmp_path, photo=draw_photo(1, 0), empty=np.full((200, 200, 3), 90, np.uint8)
    )

    face, nothing = files.crop(0), files.crop(1)

    assert isinstance(face, np.ndarray)
    assert face.shape == (112, 112, 3)
    assert nothing == FACELESS


def test_damaged_and_missing_files_are_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "damaged.png").write_bytes(b"\x89PNG no more")
    files = PictureFiles(tmp_path, ("damaged.png", "missing.png"))

    assert [files.crop(0), files.crop(1)] == [UNREADABLE, UNREADABLE]


def test_the_digest_follows_names_and_changes(tmp_path: Path) -> None:
    files = folder_with(tmp_path, one=draw_face(1, 0), two=draw_face(2, 0))
    before = files.digest()

    assert PictureFiles(tmp_path, files.files).digest() == before
    assert PictureFiles(tmp_path, files.files[::-1]).digest() != before
    os.utime(tmp_path / "one.png", (1, 1))
    assert files.digest() != before


def test_an_array_gives_its_crops_and_black_ones_are_unreadable() -> None:
    crops = np.stack([draw_face(1, 0)[8:120, 8:120], np.zeros((112, 112, 3), np.uint8)])
    pictures = PictureArray(crops)

    assert np.array_equal(pictures.crop(0), crops[0])
    assert pictures.crop(1) == UNREADABLE
    assert pictures.digest() != PictureArray(crops[::-1]).digest()
