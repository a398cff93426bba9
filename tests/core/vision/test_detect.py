import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.face import Box
from core.domain.frame import Frame
from core.opencv import cv2
from core.vision.detect import (
    OVERLAP_LIMIT,
    SCORE_THRESHOLD,
    Candidates,
    YuNetDetector,
    suppress,
)

PACK = Path(__file__).parents[3] / "resources" / "models" / "yunet"
OPENCV_TOP_K = 5000

Person = Callable[..., Frame]


def opencv_faces(pixels: np.ndarray) -> np.ndarray:
    """What OpenCV's own YuNet class finds, on the same file and the same pixels: (N, 15)."""
    height, width = pixels.shape[:2]
    theirs = cv2.FaceDetectorYN.create(
        str(PACK / "model.onnx"), "", (width, height), SCORE_THRESHOLD, OVERLAP_LIMIT, OPENCV_TOP_K
    )
    faces = theirs.detect(pixels)[1]
    return np.zeros((0, 15)) if faces is None else faces


@pytest.mark.parametrize("side", [320, 500, 640])
def test_boxes_scores_and_points_equal_those_of_opencv(
    detector: YuNetDetector, person: Person, side: int
) -> None:
    # Many faces in one picture, and sizes that are no multiple of 32 too.
    pixels = person("P004", "emotions_sheet", side).pixels

    ours = detector.candidates(pixels)

    theirs = opencv_faces(pixels)
    assert len(ours.scores) == len(theirs) >= 10
    found = np.column_stack([ours.boxes, ours.landmarks.reshape(-1, 10), ours.scores])
    by_place = np.lexsort(found[:, :2].round().T), np.lexsort(theirs[:, :2].round().T)
    np.testing.assert_allclose(found[by_place[0]], theirs[by_place[1]], atol=1e-3)


def test_the_shipped_file_is_the_one_its_card_names() -> None:
    digest = hashlib.sha256((PACK / "model.onnx").read_bytes()).hexdigest()

    assert digest in (PACK / "card.toml").read_text()
    assert digest in (PACK / "MODEL_CARD.md").read_text()


def test_a_large_picture_is_answered_in_its_own_pixels(
    detector: YuNetDetector, person: Person
) -> None:
    small, large = person(side=320), person(side=1600)

    (near,), (far,) = detector.detect(small), detector.detect(large)

    scale = 1600 / 320
    assert far.box.width == pytest.approx(near.box.width * scale, rel=0.05)
    np.testing.assert_allclose(far.landmarks, near.landmarks * scale, atol=far.interocular_px / 20)


def test_a_face_far_too_small_for_the_first_look_is_found_at_a_larger_size(
    detector: YuNetDetector, person: Person
) -> None:
    face = cv2.resize(person(side=320).pixels, (64, 64), interpolation=cv2.INTER_AREA)
    pixels = np.full((720, 1280, 3), 127, np.uint8)
    pixels[600:664, 1100:1164] = face

    faces = detector.detect(Frame(pixels))

    assert len(faces) == 1
    assert 1100 < faces[0].box.centre[0] < 1164
    assert 600 < faces[0].box.centre[1] < 664


def test_several_faces_come_largest_first(detector: YuNetDetector, person: Person) -> None:
    pixels = np.full((480, 900, 3), 127, np.uint8)
    pixels[:200, :200] = cv2.resize(person("P001").pixels, (200, 200))
    pixels[:480, 400:880] = cv2.resize(person("P005").pixels, (480, 480))

    faces = detector.detect(Frame(pixels))

    assert [face.box.centre[0] > 400 for face in faces] == [True, False]
    assert faces[0].box.area > faces[1].box.area


@pytest.mark.parametrize("shape", [(1, 1), (1, 2000), (2000, 1), (33, 31), (480, 640)])
def test_a_picture_without_a_face_has_none_whatever_its_shape(
    detector: YuNetDetector, shape: tuple[int, int]
) -> None:
    grey = np.full((*shape, 3), 127, np.uint8)

    assert detector.detect(Frame(grey)) == ()


def test_points_are_left_to_right_in_the_image_in_a_mirrored_picture_too(
    detector: YuNetDetector, person: Person
) -> None:
    frame = person(side=320)
    mirrored = Frame(np.ascontiguousarray(frame.pixels[:, ::-1]))

    (face,), (other,) = detector.detect(frame), detector.detect(mirrored)

    back = other.landmarks * (-1, 1) + (frame.width_px - 1, 0)
    assert other.landmarks[0, 0] < other.landmarks[1, 0]
    assert other.landmarks[3, 0] < other.landmarks[4, 0]
    distances = np.linalg.norm(back[:, None] - face.landmarks[None], axis=2)
    assert distances.argmin(axis=1).tolist() == [1, 0, 2, 4, 3]


def boxes_of(draw_from: list[tuple[float, float, float, float]]) -> Candidates:
    boxes = np.array(draw_from, np.float32).reshape(-1, 4)
    count = len(boxes)
    return Candidates(
        boxes, np.zeros((count, 5, 2), np.float32), np.linspace(1, 0.7, count, dtype=np.float32)
    )


def overlap(one: Box, other: Box) -> float:
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(across, 0) * max(down, 0)
    return shared / (one.area + other.area - shared)


place = st.integers(0, 60).map(float)
length = st.integers(1, 40).map(float)


@given(st.lists(st.tuples(place, place, length, length), max_size=30))
def test_suppression_keeps_what_overlaps_no_better_box(
    drawn: list[tuple[float, float, float, float]],
) -> None:
    boxes = [Box(*values) for values in drawn]
    kept: list[Box] = []
    for box in boxes:
        if all(overlap(box, better) <= OVERLAP_LIMIT for better in kept):
            kept.append(box)

    found = suppress(boxes_of(drawn)).boxes

    assert [tuple(row) for row in found.tolist()] == [
        (box.x, box.y, box.width, box.height) for box in kept
    ]
