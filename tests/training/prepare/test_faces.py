"""A frame's faces become crops with margin, or a reason."""

import dataclasses

import numpy as np
import pytest

from core.domain.face import Face
from core.domain.frame import Frame
from core.vision.align import align
from core.vision.detect import open_detector
from tests.fakes.analyses import make_face
from tests.fakes.vision import ScriptedDetector
from training.prepare.faces import (
    NO_FACE,
    NOT_UPRIGHT,
    SEVERAL,
    TOO_SMALL,
    FaceCrop,
    find_crops,
)
from training.synth import draw_photo

FRAME = Frame(np.full((400, 600, 3), 128, dtype=np.uint8))
LARGE, SMALLER, DISTANT = make_face(50, 50, 160), make_face(300, 60, 130), make_face(450, 60, 60)
NONSENSE = dataclasses.replace(LARGE, landmarks=LARGE.landmarks[::-1].copy())


def crops(
    *faces: Face, labelled: bool = True, smallest_px: float = 40
) -> tuple[FaceCrop, ...] | str:
    return find_crops(
        FRAME, ScriptedDetector(faces), moving=True, labelled=labelled, smallest_px=smallest_px
    )


@pytest.mark.parametrize(
    ("faces", "reason"),
    [
        ((), NO_FACE),
        ((NONSENSE,), NOT_UPRIGHT),
        ((make_face(50, 50, 39),), TOO_SMALL),
        ((LARGE, SMALLER), SEVERAL),
    ],
)
def test_a_reason_is_given_where_there_is_no_crop(faces: tuple[Face, ...], reason: str) -> None:
    assert crops(*faces) == reason


def test_of_a_labelled_photo_the_large_face_counts_and_people_behind_do_not() -> None:
    found = crops(LARGE, DISTANT)

    assert len(found) == 1
    assert isinstance(found[0], FaceCrop)
    assert found[0].row.face_px == pytest.approx(160)


def test_a_rival_with_impossible_points_is_none() -> None:
    assert len(crops(LARGE, dataclasses.replace(NONSENSE, box=SMALLER.box))) == 1


def test_of_an_unlabelled_photo_every_face_counts() -> None:
    found = crops(LARGE, SMALLER, DISTANT, labelled=False)

    assert len(found) == 3


def test_a_face_of_exactly_the_smallest_size_counts() -> None:
    assert len(crops(make_face(50, 50, 40))) == 1


def test_the_middle_of_a_crop_is_what_the_program_would_align() -> None:
    frame = Frame(draw_photo(3, 0))
    detector = open_detector()

    (crop,) = find_crops(frame, detector, moving=True, labelled=True, smallest_px=40)

    assert isinstance(crop, FaceCrop)
    assert crop.pixels.shape == (128, 128, 3)
    aligned = align(frame, detector.detect(frame)[0]).pixels
    difference = np.abs(crop.pixels[8:120, 8:120].astype(int) - aligned.astype(int))
    assert difference.max() <= 2
    assert crop.row.padded_share == 0
    assert crop.row.detector_score > 0.8
    assert crop.row.sharpness > 10
    assert abs(crop.row.yaw) < 1


def test_a_photo_that_lies_on_its_side_is_set_upright() -> None:
    upright = Frame(draw_photo(3, 0))
    lying = Frame(np.ascontiguousarray(np.rot90(upright.pixels)))
    detector = open_detector()

    (one,) = find_crops(upright, detector, moving=False, labelled=True, smallest_px=40)
    (other,) = find_crops(lying, detector, moving=False, labelled=True, smallest_px=40)

    assert isinstance(one, FaceCrop)
    assert isinstance(other, FaceCrop)
    assert np.abs(one.pixels.astype(int) - other.pixels.astype(int)).mean() < 5


def test_beyond_the_photo_its_edge_is_repeated_and_the_share_stated() -> None:
    (crop,) = crops(make_face(-20, 100, 160))

    assert isinstance(crop, FaceCrop)
    assert crop.row.padded_share > 0.1
    assert crop.pixels.min() == 128  # nothing black
