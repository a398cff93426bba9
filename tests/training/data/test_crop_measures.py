"""What the manifest states about crops."""

import numpy as np
import pytest

from core.opencv import cv2
from training.data.crop_measures import chroma, face_of_points, padded_share, pose_ratios, sharpness
from training.synth import draw_face

FRONTAL = np.array([[40.0, 50], [80, 50], [60, 75], [45, 95], [75, 95]])


def test_blurring_lowers_sharpness() -> None:
    face = draw_face(1, 1)[8:120, 8:120]
    soft = np.asarray(cv2.GaussianBlur(face, (0, 0), 2), dtype=np.uint8)

    assert sharpness(soft) < sharpness(np.ascontiguousarray(face)) / 2


def test_grey_has_no_chroma_and_pure_colour_all() -> None:
    picture = np.zeros((112, 112, 3), dtype=np.uint8)
    assert chroma(picture + 90) == 0

    picture[..., 2] = 200
    assert chroma(picture) == 200


def test_the_padded_share_is_what_lies_outside() -> None:
    half_outside = np.array([[1.0, 0, 64], [0, 1, 0]])

    assert padded_share(half_outside, 128, 200, 200) == pytest.approx(0.5, abs=0.01)
    assert padded_share(np.array([[1.0, 0, -20], [0, 1, -20]]), 128, 200, 200) == 0


@pytest.mark.parametrize("shift", [-10.0, 0.0, 10.0])
def test_the_nose_tells_the_yaw_in_half_eye_distances(shift: float) -> None:
    points = FRONTAL + np.array([[0, 0], [0, 0], [shift, 0], [0, 0], [0, 0]])

    yaw, pitch = pose_ratios(face_of_points(points, 0.9))

    assert yaw == pytest.approx(shift / 20, abs=0.02)
    assert pitch == pytest.approx(25 / 45, abs=0.02)


def test_the_box_of_five_points_holds_them() -> None:
    box = face_of_points(FRONTAL, 0.9).box

    assert box.x < 40
    assert box.y < 50
    assert box.x + box.width > 80
    assert box.centre == pytest.approx((60, 72.5))
