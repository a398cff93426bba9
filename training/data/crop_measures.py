"""The measurements that a manifest states about a crop."""

import math

import numpy as np
from numpy.typing import NDArray

from core.domain.face import Box, Face
from core.opencv import cv2
from core.vision.pose import LEVEL_NOSE, NOSE_DEPTH, head_pose


def sharpness(face: NDArray[np.uint8]) -> float:
    """Variance of the Laplacian of the grey ArcFace crop, uint8 (112, 112, 3), BGR."""
    grey = cv2.cvtColor(face, cv2.COLOR_BGR2GRAY)
    return float(np.asarray(cv2.Laplacian(grey, cv2.CV_32F)).var())


def chroma(face: NDArray[np.uint8]) -> float:
    """Mean distance of the largest from the smallest channel, 0–255; 0 is grey."""
    return float((face.max(axis=2).astype(np.float32) - face.min(axis=2)).mean())


def padded_share(
    transform: NDArray[np.float64], side_px: int, width_px: int, height_px: int
) -> float:
    """Part of a crop that lies outside its picture, 0–1.

    Args:
        transform: float64 (2, 3), from picture to crop.
    """
    inside = np.ones((height_px, width_px), dtype=np.uint8)
    size = (side_px, side_px)
    covered = cv2.warpAffine(inside, transform, size, flags=cv2.INTER_NEAREST)
    return float(1 - np.asarray(covered).mean())


def pose_ratios(face: Face) -> tuple[float, float]:
    """Yaw and pitch as ratios of landmark distances, which need no model of a head.

    Yaw is the nose tip's distance from the middle line in half eye distances (0: frontal, to the
    image's right: positive); pitch its height on the way from the eyes to the mouth.

    Raises:
        DegenerateLandmarksError: The points are (nearly) one spot or one line.
    """
    pose = head_pose(face)
    yaw = 2 * NOSE_DEPTH * math.tan(math.radians(pose.yaw_deg))
    pitch = LEVEL_NOSE - NOSE_DEPTH * math.tan(math.radians(pose.pitch_deg))
    return yaw, pitch


def face_of_points(points: NDArray[np.float64], detector_score: float) -> Face:
    """A face of which only five points are known; its box is theirs, half as large again.

    Args:
        points: float64 (5, 2), px, eye, eye, nose tip, mouth corner, mouth corner.

    Raises:
        ValueError: Not finite, or on one spot.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    middle, size = (low + high) / 2, (high - low) * 1.5
    box = Box(*(middle - size / 2).tolist(), *size.tolist())
    return Face(box, points.astype(np.float32), detector_score)
