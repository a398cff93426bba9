"""Five points → similarity transform → 112×112 crop."""

import numpy as np
from numpy.typing import NDArray

from core.domain.face import CROP_PX, AlignedFace, Face
from core.domain.frame import Frame
from core.errors import DegenerateLandmarksError
from core.opencv import cv2

TEMPLATE = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
)
"""float64 (5, 2), px of the crop: eye, eye, nose tip, mouth corner, mouth corner. As in ArcFace."""
TEMPLATE.flags.writeable = False

MIN_SPREAD_PX = 1.0  # root mean square distance from the middle; closer says nothing about angle
MIN_FLATNESS = 2e-4  # 2·(short/long axis)² of the five points; below it they are 1 % wide: a line
_AS_COMPLEX = np.array([1, 1j])


def align(frame: Frame, face: Face) -> AlignedFace:
    """Warp a face so that its five landmarks meet the ArcFace template.

    Least-squares similarity (rotation, uniform scale, shift), bilinear, zero border.

    Args:
        face: Landmarks in pixels of `frame`, image left to right.

    Returns:
        112×112 BGR uint8, and the 2×3 transform from frame to crop.

    Raises:
        DegenerateLandmarksError: The points are (nearly) one spot or one line.

    Source: Deng et al., ArcFace, CVPR 2019; point template as in insightface.
    """
    transform = similarity(face.landmarks.astype(np.float64), TEMPLATE)
    crop = cv2.warpAffine(
        frame.pixels, transform, (CROP_PX, CROP_PX), flags=cv2.INTER_LINEAR, borderValue=(0, 0, 0)
    )
    return AlignedFace(pixels=np.asarray(crop, dtype=np.uint8), transform=transform)


def similarity(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The similarity transform that brings `source` closest to `target` in the mean square.

    In the plane a scaled rotation is one complex factor, so Umeyama's answer needs no singular
    value decomposition.

    Args:
        source: (N, 2). Not modified.
        target: (N, 2). Not modified.

    Returns:
        (2, 3): scaled rotation and shift; never a reflection.

    Raises:
        DegenerateLandmarksError: `source` lies on one spot or one line.

    Source: Umeyama, Least-squares estimation of transformation parameters between two point
    patterns, IEEE TPAMI 13(4), 1991.
    """
    points, goals = source @ _AS_COMPLEX, target @ _AS_COMPLEX
    from_mean = points - points.mean()
    spread = float((np.abs(from_mean) ** 2).sum())
    # |Σz²| reaches Σ|z|² exactly when all points lie on one line through their mean.
    flatness = 1.0 - abs((from_mean**2).sum()) / spread if spread > 0 else 0.0
    if not spread >= MIN_SPREAD_PX**2 * len(source) or flatness < MIN_FLATNESS:
        raise DegenerateLandmarksError
    factor = complex((from_mean.conj() * (goals - goals.mean())).sum() / spread)
    shift = complex(goals.mean() - factor * points.mean())
    return np.array(
        [[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]]
    )
