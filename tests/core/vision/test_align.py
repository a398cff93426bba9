import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.domain.face import CROP_PX, Box, Face
from core.domain.frame import Frame
from core.errors import DegenerateLandmarksError
from core.opencv import cv2
from core.vision.align import TEMPLATE, align, similarity

GOLDEN = Path(__file__).parents[2] / "golden" / "alignment.json"

points_px = st.lists(
    st.tuples(st.floats(-2000, 2000), st.floats(-2000, 2000)), min_size=5, max_size=5
).map(np.array)


def umeyama(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The general method by singular values, as published; slow and obvious."""
    count = len(source)
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    covariance = (target - target_mean).T @ (source - source_mean) / count
    u, d, vt = np.linalg.svd(covariance)
    s = np.eye(2)
    if np.linalg.det(u) * np.linalg.det(vt) < 0:
        s[1, 1] = -1
    rotation = u @ s @ vt
    variance = ((source - source_mean) ** 2).sum() / count
    scale = np.trace(np.diag(d) @ s) / variance
    return np.column_stack([scale * rotation, target_mean - scale * rotation @ source_mean])


def move(points: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return points @ matrix[:, :2].T + matrix[:, 2]


def face_with(landmarks: NDArray[np.float64]) -> Face:
    return Face(Box(0, 0, 10, 10), landmarks.astype(np.float32), 0.9)


@given(points_px)
def test_the_transform_is_the_published_least_squares_answer(source: NDArray[np.float64]) -> None:
    try:
        found = similarity(source, TEMPLATE)
    except DegenerateLandmarksError:
        return

    expected = umeyama(source, TEMPLATE)

    assert np.abs(move(source, found) - move(source, expected)).max() < 0.01


@pytest.mark.parametrize("case", json.loads(GOLDEN.read_text()), ids=lambda case: case["name"])
def test_stored_transforms_are_reproduced(case: dict[str, list[list[float]]]) -> None:
    found = similarity(np.array(case["landmarks"]), TEMPLATE)

    np.testing.assert_allclose(found, case["transform"], atol=1e-6)


@given(st.floats(-180, 180), st.floats(0.1, 20), st.floats(-3000, 3000), st.floats(-3000, 3000))
def test_a_turned_and_scaled_template_comes_back_to_the_template(
    angle_deg: float, scale: float, x: float, y: float
) -> None:
    angle = np.radians(angle_deg)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = scale * TEMPLATE @ rotation.T + (x, y)

    assert np.abs(move(moved, similarity(moved, TEMPLATE)) - TEMPLATE).max() < 1e-6


def test_a_mirrored_face_is_turned_but_never_mirrored_back() -> None:
    mirrored = TEMPLATE * (-1, 1) + (400, 0)

    transform = similarity(mirrored, TEMPLATE)

    assert np.linalg.det(transform[:, :2]) > 0


def test_the_eyes_of_a_picture_arrive_where_the_template_has_them(
    face_at: Callable[..., Face],
) -> None:
    face = face_at(x=300, y=200, eyes_px=80, roll_deg=20)
    pixels = np.zeros((480, 640, 3), np.uint8)
    for x, y in face.landmarks[:2]:
        cv2.circle(pixels, (round(float(x)), round(float(y))), 8, (255, 255, 255), -1)

    crop = align(Frame(pixels), face).pixels

    for x, y in TEMPLATE[:2]:
        assert crop[round(y), round(x)].min() == 255
    assert crop[int(TEMPLATE[2, 1]), int(TEMPLATE[2, 0])].max() == 0


def test_a_crop_at_the_template_is_the_picture_itself() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (CROP_PX, CROP_PX, 3), dtype=np.uint8)

    aligned = align(Frame(pixels), face_with(TEMPLATE))

    assert np.abs(aligned.pixels.astype(int) - pixels).max() <= 1
    np.testing.assert_allclose(aligned.transform, [[1, 0, 0], [0, 1, 0]], atol=1e-5)


def test_outside_of_the_frame_is_black(face_at: Callable[..., Face]) -> None:
    frame = Frame(np.full((200, 200, 3), 255, np.uint8))

    crop = align(frame, face_at(x=0, y=115, eyes_px=50)).pixels

    assert crop[:, :20].max() == 0
    assert crop[:, -20:].min() == 255


@pytest.mark.parametrize(
    "points",
    [
        pytest.param([[50, 50]] * 5, id="one spot"),
        pytest.param([[x, 2 * x] for x in range(5)], id="one line"),
        pytest.param([[x * 100, 40] for x in range(5)], id="one long line"),
        pytest.param([[50 + 0.1 * x, 50 + 0.01 * x * x] for x in range(5)], id="within one pixel"),
    ],
)
def test_points_without_a_shape_are_refused(points: list[list[float]]) -> None:
    frame = Frame(np.zeros((100, 100, 3), np.uint8))

    with pytest.raises(DegenerateLandmarksError) as caught:
        align(frame, face_with(np.array(points, dtype=float)))

    assert caught.value.code == "landmarks.degenerate"


def test_the_transform_is_that_of_insightface() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs, about their own dependencies
        face_align = pytest.importorskip(
            "insightface.utils.face_align", reason="the extra [insightface] is not installed"
        )
        for case in json.loads(GOLDEN.read_text()):
            landmarks = np.array(case["landmarks"], dtype=np.float32)
            theirs = face_align.estimate_norm(landmarks)

            ours = similarity(landmarks.astype(np.float64), TEMPLATE)

            assert np.abs(move(landmarks, ours) - move(landmarks, theirs)).max() < 0.01
