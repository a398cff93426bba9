from collections.abc import Callable

import numpy as np
import pytest

from core.domain.face import Box, Face
from core.domain.frame import Frame
from core.errors import DegenerateLandmarksError
from core.opencv import cv2
from core.vision.detect import YuNetDetector
from core.vision.level import (
    LOOK_PX,
    SIDES_DEG,
    SURE_SCORE,
    TILE_PX,
    TILES,
    lean,
    left_to_right,
    set_upright,
)
from core.vision.upright import plausible

FaceAt = Callable[..., Face]
Person = Callable[..., Frame]
FRAME = Frame(np.zeros((480, 640, 3), np.uint8))


class Looks:
    """Answers the second looks one after another and counts them."""

    def __init__(self, *answers: tuple[Face, ...]) -> None:
        self.answers = list(answers)
        self.count = 0

    def __call__(self, pixels: np.ndarray) -> tuple[Face, ...]:
        assert max(pixels.shape) <= 320
        self.count += 1
        return self.answers.pop(0) if self.answers else ()


def turned(frame: Frame, angle_deg: float) -> tuple[Frame, np.ndarray]:
    """The picture turned clockwise about its middle, a little smaller, and the transform."""
    centre = frame.width_px / 2, frame.height_px / 2
    matrix = cv2.getRotationMatrix2D(centre, -angle_deg, 0.75)
    size = frame.width_px, frame.height_px
    return Frame(cv2.warpAffine(frame.pixels, matrix, size, borderValue=(110,) * 3)), matrix


@pytest.mark.parametrize("angle_deg", [-30, -20, -10, 10, 20, 30])
def test_points_of_a_leaning_head_lean_with_it(
    detector: YuNetDetector, person: Person, angle_deg: float
) -> None:
    frame = person("P005", "studio_portrait", 640)
    (straight,) = detector.detect(frame)
    leaning, matrix = turned(frame, angle_deg)

    (found,) = detector.detect(leaning)

    expected = straight.landmarks @ matrix[:, :2].T + matrix[:, 2]
    off = np.linalg.norm(found.landmarks - expected, axis=1).max()
    assert off < 0.16 * found.interocular_px
    assert lean(found) == pytest.approx(angle_deg, abs=5)
    assert plausible(found)


@pytest.mark.parametrize("angle_deg", [75, 90, 180, 270])
def test_a_head_on_its_side_or_upside_down_is_never_taken_for_upright(
    detector: YuNetDetector, person: Person, angle_deg: float
) -> None:
    for name in ("P001", "P005", "P006"):
        lying, _ = turned(person(name, "studio_portrait", 640), angle_deg)

        assert not any(plausible(face) for face in detector.detect(lying))


def test_an_upright_sure_face_is_not_looked_at_again(face_at: FaceAt) -> None:
    looks, face = Looks(), face_at(score=SURE_SCORE)

    assert set_upright(FRAME, face, looks) is face
    assert looks.count == 0


def in_tile(face_at: FaceAt, tile: int, score: float) -> Face:
    """An upright face in the middle of one tile of the picture with all sides."""
    row, column = divmod(tile, TILES[1])
    x, y = (column + 0.5) * TILE_PX, (row + 0.5) * TILE_PX
    return face_at(x=x, y=y, eyes_px=20, score=score)


def test_an_unsure_face_is_looked_at_from_all_sides_at_once_and_kept_if_none_is_surer(
    face_at: FaceAt,
) -> None:
    face = face_at(score=0.88)
    looks = Looks(tuple(in_tile(face_at, tile, 0.89) for tile in range(len(SIDES_DEG))))

    assert set_upright(FRAME, face, looks) is face
    assert looks.count == 1


def test_an_unsure_face_that_is_surest_upright_is_kept(face_at: FaceAt) -> None:
    face = face_at(score=0.88)
    looks = Looks((in_tile(face_at, 0, 0.95), in_tile(face_at, 3, 0.94)))

    assert set_upright(FRAME, face, looks) is face


@pytest.mark.parametrize(("tile", "lean_deg"), list(enumerate(SIDES_DEG))[1:])
def test_a_surer_side_gives_the_points_where_they_are(
    face_at: FaceAt, tile: int, lean_deg: float
) -> None:
    found = set_upright(FRAME, face_at(score=0.88), Looks((in_tile(face_at, tile, 0.93),)))

    assert found.detector_score == 0.93
    assert not plausible(found)
    down = found.landmarks[3:].mean(axis=0) - found.landmarks[:2].mean(axis=0)
    angle_deg = np.degrees(np.arctan2(-down[0], down[1])) % 360
    assert angle_deg == pytest.approx(lean_deg, abs=1)


def test_of_several_faces_in_a_second_look_the_one_in_the_middle_counts(face_at: FaceAt) -> None:
    face = face_at(roll_deg=6)
    middle = face_at(x=LOOK_PX / 2, y=LOOK_PX / 2, eyes_px=34, score=0.94)
    aside = face_at(x=20, y=20, eyes_px=34, score=0.99)

    found = set_upright(FRAME, face, Looks((aside, middle)))

    np.testing.assert_allclose(found.landmarks.mean(axis=0), face.landmarks.mean(axis=0), atol=1)
    assert found.detector_score == 0.94
    assert found.box == face.box


@pytest.mark.parametrize("lost", [(), "less sure"])
def test_a_second_look_that_finds_nothing_as_sure_changes_nothing(
    face_at: FaceAt, lost: object
) -> None:
    face = face_at(roll_deg=15, score=0.94)
    answer = () if lost == () else (face_at(x=80, y=80, eyes_px=34, score=0.85),)

    assert set_upright(FRAME, face, Looks(answer)) is face


def test_pairs_that_point_left_are_swapped_together(face_at: FaceAt) -> None:
    points = face_at().landmarks

    np.testing.assert_array_equal(left_to_right(points[[1, 0, 2, 4, 3]]), points)
    np.testing.assert_array_equal(left_to_right(points), points)


def test_points_on_one_spot_have_no_lean() -> None:
    spot = Face(Box(0, 0, 10, 10), np.full((5, 2), 7, np.float32), 0.9)

    with pytest.raises(DegenerateLandmarksError):
        lean(spot)
