import numpy as np
import pytest

from core.domain.frame import Frame
from core.errors import ModelContractError
from core.vision.onnx_model import open_session
from core.vision.scrfd import PixelScale, ScrfdDetector, decode
from core.vision.upright import MIN_SCORE, plausible
from tests.core.vision.tiny_scrfd import SIDE_PX, tiny_scrfd

SCALE = PixelScale(127.5, 128.0)


def detector(model: bytes) -> ScrfdDetector:
    return ScrfdDetector(open_session(model, "scrfd"), SCALE)


def frame(width: int = SIDE_PX, height: int = SIDE_PX) -> Frame:
    return Frame(np.zeros((height, width, 3), np.uint8))


def test_a_face_is_where_its_cell_and_distances_put_it() -> None:
    (face,) = detector(tiny_scrfd([(4, 3, 0.9)])).detect(frame())

    assert (face.box.x, face.box.y, face.box.width, face.box.height) == (32, 16, 64, 64)
    assert face.landmarks[0].tolist() == [52, 36]
    assert face.landmarks[4].tolist() == [74, 62]
    assert plausible(face)


def test_a_larger_frame_is_answered_in_its_own_pixels() -> None:
    (face,) = detector(tiny_scrfd([(4, 3, 0.9)])).detect(frame(SIDE_PX * 3, SIDE_PX * 2))

    assert face.box.width == pytest.approx(64 * 3)
    assert face.landmarks[0].tolist() == pytest.approx([52 * 3, 36 * 3], abs=1)


def test_what_overlaps_a_better_face_or_scores_too_low_is_left_out() -> None:
    faces = detector(tiny_scrfd([(2, 2, 0.9), (3, 2, 0.7), (7, 6, 0.6), (0, 7, 0.49)])).detect(
        frame()
    )

    assert sorted(face.box.centre for face in faces) == [(32, 32), (112, 96)]


def test_scores_are_on_the_scale_of_the_built_in_detector() -> None:
    (face,) = detector(tiny_scrfd([(4, 3, 0.5)])).detect(frame())

    assert face.detector_score == pytest.approx(MIN_SCORE)


def test_a_detector_without_points_is_refused() -> None:
    with pytest.raises(ModelContractError) as caught:
        detector(tiny_scrfd(points=False))

    assert "no landmarks" in caught.value.sentence


def test_cells_run_row_by_row_with_their_anchors_side_by_side() -> None:
    rng = np.random.default_rng(2)
    columns, rows, anchors, stride = 5, 4, 2, 8
    count = columns * rows * anchors
    scores = rng.uniform(0, 1, count).astype(np.float32)
    boxes = rng.uniform(0.5, 3, (count, 4)).astype(np.float32)
    points = rng.uniform(-2, 2, (count, 5, 2)).astype(np.float32)

    found = decode(scores, boxes, points, stride, anchors, columns)

    expected = []
    index = 0
    for row in range(rows):
        for column in range(columns):
            for _ in range(anchors):
                x, y = column * stride, row * stride
                left, top, right, bottom = boxes[index] * stride
                if scores[index] >= 0.5:
                    expected.append([x - left, y - top, left + right, top + bottom])
                index += 1
    np.testing.assert_allclose(found.boxes, expected, rtol=1e-5)
