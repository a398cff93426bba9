"""Finding faces with SCRFD, the detector of InsightFace packs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.face import LANDMARKS, Face
from core.domain.frame import Frame
from core.errors import ModelContractError
from core.vision.detect import Candidates, as_faces, merge, suppress
from core.vision.onnx_model import Session
from core.vision.tensors import shrink_to
from core.vision.upright import MIN_SCORE

INPUT_PX = 640  # side of the square input where the graph leaves it open; insightface's default
SCORE_THRESHOLD = 0.5  # insightface's default
PARTS = 3  # scores, boxes, points: one output of each for every stride
LEVELS = {9: ((8, 16, 32), 2), 15: ((8, 16, 32, 64, 128), 1)}
"""Strides and anchors a cell by number of outputs. Graphs with 6 or 10 outputs give no points,
and without points no face can be aligned."""


@dataclass(frozen=True, slots=True)
class PixelScale:
    """What is done to pixels on the 0–255 scale: (pixel − mean) / std."""

    mean: float
    std: float


class ScrfdDetector:
    """Finds faces in frames. Holds a loaded model; used by one thread."""

    def __init__(self, session: Session, scale: PixelScale) -> None:
        if len(session.outputs) not in LEVELS:
            raise ModelContractError(
                name=session.name,
                reason=f"a detector with {len(session.outputs)} outputs gives no landmarks",
            )
        self.session = session
        self._scale = scale
        self._height_px = session.input.shape[2] or INPUT_PX
        self._width_px = session.input.shape[3] or INPUT_PX

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        """Faces in frame pixels, largest first.

        Their scores are brought to the scale of the built-in detector, whose lowest used score
        stands for this one's threshold.
        """
        pixels = shrink_to(frame.pixels, min(self._height_px, self._width_px))
        found = suppress(merge(self._decode_all(self.session.run(self._blob(pixels)))))
        certainty = (found.scores - SCORE_THRESHOLD) / (1 - SCORE_THRESHOLD)
        scores = (MIN_SCORE + (1 - MIN_SCORE) * certainty).astype(np.float32)
        to_frame = np.array(
            [frame.width_px / pixels.shape[1], frame.height_px / pixels.shape[0]], np.float32
        )
        return as_faces(Candidates(found.boxes, found.landmarks, scores), to_frame)

    def _blob(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        canvas = np.zeros((self._height_px, self._width_px, 3), dtype=np.float32)
        canvas[: pixels.shape[0], : pixels.shape[1]] = pixels
        rgb = (canvas[..., ::-1] - self._scale.mean) / self._scale.std
        return np.ascontiguousarray(rgb.transpose(2, 0, 1)[None], dtype=np.float32)

    def _decode_all(self, answers: tuple[NDArray[np.float32], ...]) -> list[Candidates]:
        strides, anchors = LEVELS[len(answers)]
        levels = []
        for index, stride in enumerate(strides):
            scores, boxes, points = (answers[index + part * len(strides)] for part in range(PARTS))
            levels.append(
                decode(
                    scores.reshape(-1),
                    boxes.reshape(-1, 4),
                    points.reshape(-1, LANDMARKS, 2),
                    stride,
                    anchors,
                    self._width_px // stride,
                )
            )
        return levels


def decode(
    scores: NDArray[np.float32],
    boxes: NDArray[np.float32],
    points: NDArray[np.float32],
    stride: int,
    anchors: int,
    columns: int,
) -> Candidates:
    """What one grid of SCRFD says, in pixels, from `SCORE_THRESHOLD` up.

    Args:
        scores: (N,), 0–1; cells row by row, the anchors of a cell one after another.
        boxes: (N, 4): distances from the cell to left, top, right and bottom, in strides.
        points: (N, 5, 2): shifts from the cell, in strides.
        columns: Of the grid.

    Source: Guo et al., Sample and Computation Redistribution for Efficient Face Detection, 2021.
    """
    rows = np.flatnonzero(scores >= SCORE_THRESHOLD)
    cells = rows // anchors
    places = np.stack([cells % columns, cells // columns], axis=1).astype(np.float32) * stride
    distances = boxes[rows] * stride
    starts, ends = places - distances[:, :2], places + distances[:, 2:]
    return Candidates(
        boxes=np.concatenate([starts, ends - starts], axis=1),
        landmarks=points[rows] * stride + places[:, None],
        scores=scores[rows],
    )
