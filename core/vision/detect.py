"""Finding faces with YuNet: scales, decoding and suppression."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.face import LANDMARKS, Box, Face
from core.domain.frame import Frame
from core.errors import DegenerateLandmarksError
from core.vision.level import left_to_right, set_upright
from core.vision.onnx_model import Session, open_session
from core.vision.packs import DETECTOR_PACK, find_pack
from core.vision.tensors import detector_blob, shrink_to

STRIDES = (8, 16, 32)  # of YuNet's three grids, px
OUTPUTS = ("cls", "obj", "bbox", "kps")

SCORE_THRESHOLD = 0.7
"""Lowest score of a face. Upright faces score above 0.8 (median 0.93); heads lying on their side
from 0.7 to 0.89, and those must be found before a picture can be turned. See `upright`."""

OVERLAP_LIMIT = 0.3  # intersection over union above which the weaker box goes; OpenCV's default
MAX_CANDIDATES = 200  # kept before suppression, best first; no frame of ours holds as many faces

LONG_SIDES_PX = (320, 640, 1280)
"""Tried in this order until a face is found. Points found at 320 align faces better than those
found at full size, and a 640×480 frame costs a third at 320; larger sizes find small faces."""

MAX_SECOND_LOOKS = 4  # faces, largest first; each may take some milliseconds

SMALL_FACE_PX = 32
"""Box width in the shrunk picture below which a larger one is looked at. On 20 pictures of
synthetic people, points found at 26 px gave mated pairs a mean cosine of 0.60, against 0.70 at
twice the size; from 32 px on (0.69 against 0.71) the larger picture gains nothing."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Decoded detections before they become faces.

    Attributes:
        boxes: float32 (N, 4), px: x, y, width, height.
        landmarks: float32 (N, 5, 2), px.
        scores: float32 (N,), 0–1.
    """

    boxes: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    scores: NDArray[np.float32]

    def take(self, rows: NDArray[np.intp]) -> "Candidates":
        """Only these rows, in this order."""
        return Candidates(self.boxes[rows], self.landmarks[rows], self.scores[rows])


class YuNetDetector:
    """Finds faces in frames. Holds a loaded model; used by one thread."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._order = _output_order(session)

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        """Faces in frame pixels, largest first.

        The frame is shrunk first; larger versions are looked at only where the smaller one
        shows no face, or only small ones. Faces that lean or lie are looked at again, set upright.
        """
        longest = max(frame.width_px, frame.height_px)
        found: tuple[Face, ...] = ()
        for long_side in LONG_SIDES_PX:
            faces = self._detect_at(frame, long_side)
            found = faces or found
            scale = min(1.0, long_side / longest)
            if found and found[0].box.width * scale >= SMALL_FACE_PX:
                break
            if long_side >= longest:
                break
        upright = [self._set_upright(frame, face) for face in found[:MAX_SECOND_LOOKS]]
        return (*upright, *found[MAX_SECOND_LOOKS:])

    def _set_upright(self, frame: Frame, face: Face) -> Face:
        try:
            return set_upright(frame, face, self._look)
        except DegenerateLandmarksError:
            return face  # whoever aligns it is told then

    def _look(self, pixels: NDArray[np.uint8]) -> tuple[Face, ...]:
        return as_faces(self.candidates(pixels), np.ones(2, np.float32))

    def _detect_at(self, frame: Frame, long_side_px: int) -> tuple[Face, ...]:
        pixels = shrink_to(frame.pixels, long_side_px)
        candidates = self.candidates(pixels)
        to_frame = np.array(
            [frame.width_px / pixels.shape[1], frame.height_px / pixels.shape[0]], np.float32
        )
        return as_faces(candidates, to_frame)

    def candidates(self, pixels: NDArray[np.uint8]) -> Candidates:
        """Detections in a picture at the size it has, best first, after suppression.

        Args:
            pixels: uint8 (H, W, 3), BGR. Not modified.
        """
        blob = detector_blob(pixels)
        answers = self.session.run(blob)
        columns = blob.shape[3]
        levels = []
        for stride, order in zip(STRIDES, self._order, strict=True):
            face_scores, object_scores, boxes, points = (answers[index][0] for index in order)
            levels.append(
                decode(face_scores, object_scores, boxes, points, stride, columns // stride)
            )
        return suppress(merge(levels))


def open_detector(threads: int = 1) -> YuNetDetector:
    """The built-in detector. Raises VisionError where its file is damaged."""
    pack = find_pack(DETECTOR_PACK, models_dir=None)
    return YuNetDetector(open_session(pack.read_model(), pack.name, threads))


def _output_order(session: Session) -> tuple[tuple[int, ...], ...]:
    names = [output.name for output in session.outputs]
    return tuple(tuple(names.index(f"{part}_{stride}") for part in OUTPUTS) for stride in STRIDES)


def decode(
    face_scores: NDArray[np.float32],
    object_scores: NDArray[np.float32],
    boxes: NDArray[np.float32],
    points: NDArray[np.float32],
    stride: int,
    columns: int,
) -> Candidates:
    """What one grid of YuNet says, in pixels, from `SCORE_THRESHOLD` up.

    Args:
        face_scores: (cells, 1), roughly 0–1.
        object_scores: (cells, 1), roughly 0–1.
        boxes: (cells, 4): shift of the centre in cells, logarithm of the size in cells.
        points: (cells, 10): shifts from the cell in cells.
        columns: Of the grid; cells run row by row.

    Source: Wu, Peng, Yu: YuNet, Machine Intelligence Research, 2023.
    """
    squared = np.clip(face_scores[:, 0], 0, 1) * np.clip(object_scores[:, 0], 0, 1)
    rows = np.flatnonzero(squared >= SCORE_THRESHOLD**2)
    cells = np.stack([rows % columns, rows // columns], axis=1).astype(np.float32)
    sizes = np.exp(boxes[rows, 2:]) * stride
    corners = (cells + boxes[rows, :2]) * stride - sizes / 2
    landmarks = (points[rows].reshape(-1, LANDMARKS, 2) + cells[:, None]) * stride
    return Candidates(
        boxes=np.concatenate([corners, sizes], axis=1),
        landmarks=landmarks,
        scores=np.sqrt(squared[rows]),
    )


def merge(levels: list[Candidates]) -> Candidates:
    """The candidates of all grids, best first, at most `MAX_CANDIDATES`."""
    joined = Candidates(
        boxes=np.concatenate([level.boxes for level in levels]),
        landmarks=np.concatenate([level.landmarks for level in levels]),
        scores=np.concatenate([level.scores for level in levels]),
    )
    return joined.take(np.argsort(-joined.scores, kind="stable")[:MAX_CANDIDATES])


def suppress(candidates: Candidates) -> Candidates:
    """Greedy non-maximum suppression.

    Args:
        candidates: Best first.

    Returns:
        Those whose box overlaps no better kept one by more than `OVERLAP_LIMIT`.
    """
    overlaps = overlap_matrix(candidates.boxes)
    alive = np.ones(len(candidates.scores), dtype=bool)
    for row in range(len(alive)):
        if alive[row]:
            alive[row + 1 :] &= overlaps[row, row + 1 :] <= OVERLAP_LIMIT
    return candidates.take(np.flatnonzero(alive))


def overlap_matrix(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of each box with each.

    Args:
        boxes: float32 (N, 4): x, y, width, height. Not modified.

    Returns:
        float32 (N, N), 0–1.
    """
    starts, ends = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    sides = np.minimum(ends[:, None], ends[None]) - np.maximum(starts[:, None], starts[None])
    shared = np.clip(sides, 0, None).prod(axis=2)
    areas = boxes[:, 2:].prod(axis=1)
    joined = areas[:, None] + areas[None] - shared
    return np.asarray(shared / np.maximum(joined, np.finfo(np.float32).tiny), dtype=np.float32)


def as_faces(candidates: Candidates, to_frame: NDArray[np.float32]) -> tuple[Face, ...]:
    """Faces in frame pixels, largest first.

    Args:
        to_frame: float32 (2,): frame pixels for one pixel of the picture, across and down.
    """
    faces = [
        Face(
            box=Box(*(float(value) for value in box)),
            landmarks=left_to_right(points),
            detector_score=float(score),
        )
        for box, points, score in zip(
            candidates.boxes * np.tile(to_frame, 2),
            candidates.landmarks * to_frame,
            candidates.scores,
            strict=True,
        )
    ]
    return tuple(sorted(faces, key=lambda face: face.box.area, reverse=True))
