"""A frame → the aligned crops of its faces, found as the program finds them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.face import Face
from core.domain.frame import Frame
from core.errors import DegenerateLandmarksError
from core.opencv import cv2
from core.ports import Detector
from core.vision.align import TEMPLATE, similarity
from core.vision.upright import find_upright, plausible
from training.data.crop_measures import chroma, padded_share, pose_ratios, sharpness
from training.data.manifest import CropRow
from training.data.shards import CROP_SIDE_PX, MARGIN_PX

RIVAL_AREA = 0.5
"""Part of the largest face's area from which another one could as well be the person whose folder
it is. People behind are smaller: a face at twice the distance has a quarter."""

NO_FACE = "no face"
NOT_UPRIGHT = "no upright face"
TOO_SMALL = "face too small"
SEVERAL = "several faces of like size"


@dataclass(frozen=True, slots=True, eq=False)
class FaceCrop:
    """One face.

    Attributes:
        pixels: uint8 (128, 128, 3), BGR: the ArcFace crop with 8 px on each side; beyond the
            frame its edge is repeated.
        row: Its measurements; file, source and identity are empty.
    """

    pixels: NDArray[np.uint8]
    row: CropRow


def find_crops(
    frame: Frame, detector: Detector, *, moving: bool, labelled: bool, smallest_px: float
) -> tuple[FaceCrop, ...] | str:
    """The crops of a frame, or why there are none.

    Args:
        moving: A frame of a video, which stands upright; a photo may lie on its side.
        labelled: Exactly one person is meant: the largest face, if no other is nearly as large.
        smallest_px: Side of the smallest face's box (square root of its area).
    """
    if moving:
        faces = detector.detect(frame)
    else:
        frame, faces = find_upright(frame, detector)
    if not faces:
        return NO_FACE
    usable = [face for face in faces if plausible(face)]
    if not usable:
        return NOT_UPRIGHT
    large = [face for face in usable if _side(face) >= smallest_px]
    if not large:
        return TOO_SMALL
    if labelled and _has_rival(large):
        return SEVERAL
    crops = [_crop(frame, face) for face in (large[:1] if labelled else large)]
    return tuple(crop for crop in crops if crop is not None) or NOT_UPRIGHT


def _has_rival(faces: Sequence[Face]) -> bool:
    return len(faces) > 1 and faces[1].box.area >= RIVAL_AREA * faces[0].box.area


def _side(face: Face) -> float:
    return math.sqrt(face.box.area)


def _crop(frame: Frame, face: Face) -> FaceCrop | None:
    try:
        transform = similarity(face.landmarks.astype(np.float64), TEMPLATE + MARGIN_PX)
        yaw, pitch = pose_ratios(face)
    except DegenerateLandmarksError:
        return None
    size = (CROP_SIDE_PX, CROP_SIDE_PX)
    warped = cv2.warpAffine(
        frame.pixels, transform, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    pixels = np.asarray(warped, dtype=np.uint8)
    inner = np.ascontiguousarray(pixels[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX])
    row = CropRow(
        file="",
        source="",
        identity="",
        face_px=_side(face),
        detector_score=face.detector_score,
        sharpness=sharpness(inner),
        yaw=yaw,
        pitch=pitch,
        padded_share=padded_share(transform, CROP_SIDE_PX, frame.width_px, frame.height_px),
        chroma=chroma(inner),
    )
    return FaceCrop(pixels, row)
