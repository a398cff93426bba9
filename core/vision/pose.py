"""Where a head is turned, estimated from five points."""

import math
from dataclasses import dataclass

import numpy as np

from core.domain.face import Face
from core.vision.align import TEMPLATE, similarity
from core.vision.level import lean

NOSE_DEPTH = 0.35
"""How far the nose tip stands out from the plane of eyes and mouth, in eye distances, as YuNet
places it: 0.34 to 0.42 from three-quarter and side views, where the shortening of the eye
distance gives the angle independently."""

LEVEL_NOSE = 0.57
"""Height of the nose tip on the way from eyes to mouth of a head held level; median of 78,203
faces. People differ by ±0.03, which is ±5°."""


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Degrees, as in `Quality`: image's right, chin up and clockwise are positive."""

    yaw_deg: float
    pitch_deg: float
    roll_deg: float


def head_pose(face: Face) -> HeadPose:
    """Yaw, pitch and roll of a face.

    Roll is the turn of the best similarity to the template. What is left after undoing it is
    read from the nose tip: a point before the plane of eyes and mouth moves against that plane
    by the tangent of the angle. Good to about 8° within ±50°; a profile reads as 65° to 80°.

    Raises:
        DegenerateLandmarksError: The points are (nearly) one spot or one line.
    """
    transform = similarity(face.landmarks.astype(np.float64), TEMPLATE)
    points = face.landmarks @ transform[:, :2].T
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    height = max(float(mouth[1] - eyes[1]), 1.0)  # 1 px of the crop: never divide by zero
    along = float(points[2, 1] - eyes[1]) / height
    midline = eyes[0] + along * (mouth[0] - eyes[0])
    eye_distance = max(float(np.linalg.norm(points[1] - points[0])), 1.0)
    shift = float(points[2, 0] - midline) / eye_distance
    return HeadPose(
        yaw_deg=math.degrees(math.atan(shift / NOSE_DEPTH)),
        pitch_deg=math.degrees(math.atan((LEVEL_NOSE - along) / NOSE_DEPTH)),
        roll_deg=lean(face),
    )
