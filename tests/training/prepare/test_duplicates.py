"""One photograph is known again however it was stored; another one is not."""

import numpy as np
import pytest

from core.opencv import cv2
from training.prepare.duplicates import KnownCrops, restored, small_grey
from training.synth import draw_face

CROP = draw_face(1, 1)


def stored_again(kind: str) -> np.ndarray:
    if kind == "jpeg":
        data = cv2.imencode(".jpg", CROP, [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)
    if kind == "half the size":
        return np.asarray(cv2.resize(cv2.resize(CROP, (64, 64)), (128, 128)), dtype=np.uint8)
    if kind == "brighter":
        return np.clip(CROP * 1.15 + 5, 0, 255).astype(np.uint8)
    return np.repeat(cv2.cvtColor(CROP, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2)


@pytest.mark.parametrize("kind", ["jpeg", "half the size", "brighter", "grey"])
def test_the_same_photograph_is_known_again(kind: str) -> None:
    known = KnownCrops()
    known.add(draw_face(2, 1), "bob")
    known.add(CROP, "ann")

    assert known.owner(stored_again(kind)) == "ann"


def test_another_photograph_of_the_same_person_is_new() -> None:
    known = KnownCrops()
    known.add(CROP, "ann")

    assert [known.owner(draw_face(1, shot)) for shot in range(2, 30)] == [None] * 28


def test_nothing_is_known_at_first_and_plain_crops_never() -> None:
    known = KnownCrops()
    plain = np.full((128, 128, 3), 90, dtype=np.uint8)

    assert known.owner(CROP) is None
    known.add(plain, "ann")
    assert known.owner(plain) is None


def test_what_was_stored_is_known_in_the_next_run() -> None:
    known = KnownCrops()
    for person in range(3):
        known.add(draw_face(person, 0), f"p{person}")

    again = restored(*known.stored())
    again.add(CROP, "ann")

    assert len(again) == 4
    assert again.owner(draw_face(2, 0)) == "p2"
    assert again.owner(stored_again("jpeg")) == "ann"


def test_the_small_picture_has_no_brightness_and_length_one() -> None:
    small = small_grey(CROP)

    assert small.mean() == pytest.approx(0, abs=1e-6)
    assert np.linalg.norm(small) == pytest.approx(1, abs=1e-5)
