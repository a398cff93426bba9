"""Telling an upright face from five points that no face has, and turning pictures upright."""

import numpy as np
from numpy.typing import NDArray

from core.domain.face import Face
from core.domain.frame import Frame
from core.ports import Detector
from core.vision.level import SURE_SCORE

MIN_SCORE = 0.85
"""Detector score of a face that is used. Of 78,203 upright faces of many collections 0.24 % score
less; of heads that lie and were taken for upright all the same, most do."""

MIN_DOWN = 0.5
"""Cosine of the largest lean, 60°. Up to there aligned crops of synthetic people match as well as
upright ones; beyond, a head lies, and a still picture is turned."""

EYES_TO_MOUTH = (0.2, 0.6)
"""Distance from the eyes to the mouth in box heights; 0.27 to 0.43 on 259 upright faces of
synthetic people, profiles included."""

NOSE_BETWEEN = (0.2, 0.9)
"""Height of the nose tip on the way from the eyes to the mouth; 0.35 to 0.67 on the same faces,
up to 0.75 on masked ones."""

BOX_MARGIN = 0.2  # box sizes by which a point may lie outside; profiles reach 0.09

QUARTER_TURNS = (1, 3, 2)  # clockwise; phones held sideways are commoner than upside down


def plausible(face: Face) -> bool:
    """Whether the five points form an upright face that fits its box.

    The four outer points form a convex figure that leans by 60° at most, with the nose on the
    way from the eyes to the mouth, and its size fits the box.
    """
    points = face.landmarks.astype(np.float64)
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    down = mouth - eyes
    length = float(np.linalg.norm(down))
    if face.detector_score < MIN_SCORE or not _is_convex(points[[0, 1, 4, 3]]):
        return False
    if down[1] < length * MIN_DOWN:
        return False
    nose = float((points[2] - eyes) @ down) / length**2
    return (
        _within(length / face.box.height, EYES_TO_MOUTH)
        and _within(nose, NOSE_BETWEEN)
        and _fits_box(points, face)
    )


def find_upright(frame: Frame, detector: Detector) -> tuple[Frame, tuple[Face, ...]]:
    """Faces of a still picture, which may lie on its side.

    Where the largest face is not surely upright, the picture is looked at from all four sides
    and the surest plausible view wins.

    Returns:
        The frame that was chosen and its faces; `frame` itself where no quarter turn does
        better.
    """
    faces = detector.detect(frame)
    best, best_score = (frame, faces), _upright_score(faces)
    if best_score >= SURE_SCORE:
        return best
    for turns in QUARTER_TURNS:
        turned = turn(frame, turns)
        found = detector.detect(turned)
        if (score := _upright_score(found)) > best_score:
            best, best_score = (turned, found), score
    return best


def turn(frame: Frame, quarter_turns: int) -> Frame:
    """The frame turned clockwise by quarter turns; time and index are kept."""
    pixels = np.ascontiguousarray(np.rot90(frame.pixels, -quarter_turns))
    return Frame(pixels=pixels, captured_at=frame.captured_at, index=frame.index)


def _upright_score(faces: tuple[Face, ...]) -> float:
    return faces[0].detector_score if faces and plausible(faces[0]) else 0.0


def _is_convex(corners: NDArray[np.float64]) -> bool:
    """Whether four corners, clockwise in the image, turn right at each."""
    sides = np.roll(corners, -1, axis=0) - corners
    following = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]
    return bool((turns > 0).all())


def _fits_box(points: NDArray[np.float64], face: Face) -> bool:
    box = face.box
    placed = (points - (box.x, box.y)) / (box.width, box.height)
    return bool((placed >= -BOX_MARGIN).all() and (placed <= 1 + BOX_MARGIN).all())


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]
