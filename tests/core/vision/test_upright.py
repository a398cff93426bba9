from collections.abc import Callable

import numpy as np
import pytest

from core.domain.face import Box, Face
from core.domain.frame import Frame
from core.vision.detect import YuNetDetector
from core.vision.level import SURE_SCORE
from core.vision.upright import MIN_SCORE, find_upright, plausible, turn

FaceAt = Callable[..., Face]


class StagedDetector:
    """A detector that answers by the picture's shape and its first pixel."""

    def __init__(self, answers: dict[tuple[int, int], tuple[Face, ...]]) -> None:
        self.answers = answers
        self.looked = 0

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        self.looked += 1
        corner = np.argwhere(frame.pixels[..., 0] == 255)[0]
        return self.answers.get((int(corner[0] > 1), int(corner[1] > 1)), ())


def marked_frame() -> Frame:
    """Its top left corner is white, so that each quarter turn can be told."""
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[0, 0] = 255
    return Frame(pixels, captured_at=3.5, index=7)


UPRIGHT, CLOCKWISE, HALF, ANTICLOCKWISE = (0, 0), (0, 1), (1, 1), (1, 0)


def with_points(face: Face, points: list[int]) -> Face:
    return Face(face.box, np.ascontiguousarray(face.landmarks[points]), face.detector_score)


@pytest.mark.parametrize("roll_deg", [-40, -20, 0, 20, 40])
def test_a_face_that_leans_is_plausible(face_at: FaceAt, roll_deg: float) -> None:
    assert plausible(face_at(roll_deg=roll_deg))


@pytest.mark.parametrize("roll_deg", [90, 180, 270, 120])
def test_a_face_on_its_side_or_head_is_not(face_at: FaceAt, roll_deg: float) -> None:
    assert not plausible(face_at(roll_deg=roll_deg))


@pytest.mark.parametrize(
    "order",
    [
        pytest.param([3, 4, 2, 0, 1], id="mouth above the eyes"),
        pytest.param([1, 0, 2, 3, 4], id="eyes exchanged"),
        pytest.param([0, 1, 2, 4, 3], id="mouth corners exchanged"),
        pytest.param([0, 4, 2, 3, 1], id="an eye below the mouth"),
    ],
)
def test_points_in_an_order_no_face_has_are_not_plausible(
    face_at: FaceAt, order: list[int]
) -> None:
    assert not plausible(with_points(face_at(), order))


def test_a_nose_above_the_eyes_is_not_plausible(face_at: FaceAt) -> None:
    face = face_at()
    points = face.landmarks.copy()
    points[2, 1] = points[0, 1] - 20

    assert not plausible(Face(face.box, points, face.detector_score))


@pytest.mark.parametrize("factor", [0.3, 3.0])
def test_points_that_do_not_fit_their_box_are_not_plausible(face_at: FaceAt, factor: float) -> None:
    face = face_at()
    x, y = face.box.centre
    width, height = face.box.width * factor, face.box.height * factor

    assert not plausible(
        Face(Box(x - width / 2, y - height / 2, width, height), face.landmarks, 0.93)
    )


def test_the_lowest_score_that_is_used_is_used(face_at: FaceAt) -> None:
    assert plausible(face_at(score=MIN_SCORE))
    assert not plausible(face_at(score=MIN_SCORE - 0.001))


def test_a_surely_upright_picture_is_looked_at_once(face_at: FaceAt) -> None:
    frame = marked_frame()
    detector = StagedDetector({UPRIGHT: (face_at(score=SURE_SCORE),)})

    chosen, faces = find_upright(frame, detector)

    assert chosen is frame
    assert len(faces) == 1
    assert detector.looked == 1


@pytest.mark.parametrize("side", [CLOCKWISE, HALF, ANTICLOCKWISE])
def test_the_surest_plausible_side_wins(face_at: FaceAt, side: tuple[int, int]) -> None:
    frame = marked_frame()
    detector = StagedDetector({UPRIGHT: (face_at(score=0.88),), side: (face_at(score=0.93),)})

    chosen, faces = find_upright(frame, detector)

    assert chosen is not frame
    assert (chosen.captured_at, chosen.index) == (frame.captured_at, frame.index)
    assert faces[0].detector_score == 0.93


def test_a_picture_without_any_plausible_side_stays_as_it_is(face_at: FaceAt) -> None:
    frame = marked_frame()
    found = (face_at(score=0.75),)
    detector = StagedDetector({UPRIGHT: found})

    chosen, faces = find_upright(frame, detector)

    assert chosen is frame
    assert faces == found


def test_a_quarter_turn_is_clockwise() -> None:
    turned = turn(marked_frame(), 1)

    assert turned.pixels.shape == (60, 40, 3)
    assert turned.pixels[0, -1].tolist() == [255, 255, 255]


@pytest.mark.parametrize("name", ["P001", "P005", "P008"])
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_pictures_of_people_are_turned_upright(
    detector: YuNetDetector, person: Callable[..., Frame], name: str, turns: int
) -> None:
    frame = person(name, "studio_portrait", 480)

    chosen, faces = find_upright(turn(frame, turns), detector)

    np.testing.assert_array_equal(chosen.pixels, frame.pixels)
    assert plausible(faces[0])
