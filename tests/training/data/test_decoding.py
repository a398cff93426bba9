"""Crops are decoded alike by both ways, and a damaged file is noticed."""

from pathlib import Path

import numpy as np
import pytest

from core.opencv import cv2
from training.data.decoding import CropWriter, decode_quick, decode_whole
from training.synth import draw_face

FACE = draw_face(1, 1)


def encoded(ending: str) -> bytes:
    return bytes(cv2.imencode(ending, FACE)[1])


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp"])
def test_both_ways_give_the_same_pixels_in_bgr(ending: str) -> None:
    data = encoded(ending)

    whole, quick = decode_whole(data), decode_quick(data)

    assert whole is not None
    assert quick is not None
    assert np.array_equal(whole, quick)
    assert np.abs(whole.astype(int) - FACE).mean() < 8  # BGR: swapped channels differ by more


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp"])
def test_a_cut_off_file_is_no_picture(ending: str) -> None:
    data = encoded(ending)

    assert decode_whole(data[: len(data) // 2]) is None


def test_a_jpeg_that_lacks_only_its_closing_bytes_is_used() -> None:
    data = encoded(".jpg")

    assert decode_whole(data[:-2]) is not None


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff\xd9", b"\xff\xd8\xff"])
def test_bytes_that_are_no_picture_are_none(data: bytes) -> None:
    assert decode_whole(data) is None


def test_crops_written_one_by_one_are_read_as_one_array(tmp_path: Path) -> None:
    crops = [draw_face(person, 0) for person in range(3)]
    path = tmp_path / "faces.npy"

    with CropWriter(path, 128) as writer:
        for crop in crops:
            writer.append(crop)
        assert not path.exists()

    assert np.array_equal(np.load(path, mmap_mode="r"), np.stack(crops))


def test_an_interrupted_array_leaves_nothing_and_spares_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "faces.npy"
    np.save(path, np.zeros(1))

    with pytest.raises(AssertionError), CropWriter(path, 128) as writer:
        writer.append(FACE[:100])

    assert [found.name for found in tmp_path.iterdir()] == ["faces.npy"]
    assert np.load(path).shape == (1,)
