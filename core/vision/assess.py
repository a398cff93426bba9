"""How good a captured face is: measurements, components, and what speaks against using it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from core.domain.face import AlignedFace, Face
from core.domain.frame import Frame
from core.domain.quality import BEST, Component, Quality, QualityIssue
from core.opencv import cv2
from core.vision.pose import HeadPose, head_pose
from core.vision.upright import plausible

FACE_ROWS, FACE_COLUMNS = slice(28, 104), slice(20, 92)
"""The face within the crop, px. Hair, background and the black outside of the frame would
otherwise be measured with it."""

DARK, BRIGHT = 25, 247
"""Luminance up to and from which a pixel counts as under- and over-exposed, as in OFIQ, the
reference software of ISO/IEC 29794-5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The table of limits: what a face must reach to be used.

    Unless another reason is given, a limit comes from spoiling one picture of each of 150 mated
    pairs (CelebA, 400 people outside of all training) and counting the pairs that SFace then
    misses at its usual threshold 0.363. Unspoilt it misses 11 %. Verification lets pass what
    raises misses to about 20 %: a missed frame costs a moment, and more frames follow.
    Enrolment stops near 14 %: a reference stays.

    Attributes:
        interocular_px: Lowest eye distance. Shrunk to 15 px: 13 % missed; 10 px: 16 %; 7.5 px:
            27 %. Real small faces have coarser landmarks as well, so there is some air.
        sharpness: Lowest variance of the Laplacian. Blurred to a median of 22: 14 %; 11: 16 %;
            7: 19 %; 5: 30 %.
        darkest: Lowest mean luminance. Dimmed to a median of 47: 15 %; 33: 16 %; 20: 26 %. Of
            5,196 everyday crops of all origins 99.5 % are above 56.
        brightest: Highest mean luminance. Raised to a median of 188, a fifth of the face
            burnt out: 16 %; 214, half of it: 27 %. Of the everyday crops 99.5 % are below 208.
        contrast: Lowest standard deviation of luminance. Flattened to a median of 23: 13 %; 14:
            17 %; 9: 23 %; 5: 61 %.
        yaw_deg: Largest turn to either side. Frontal against turned (660 mated pairs of CFP and
            CelebA): up to 20°: 6 % missed; 30° to 40°: 9 %; 40° to 50°: 17 %; 50° to 60°: 26 %;
            60° to 70°: 35 %.
        pitch_deg: Largest tilt up or down. From 10° to 20° 16 % missed (38 pairs); beyond, these
            collections have too few, so the limits lie where the points stay believable.
        roll_deg: Largest lean. Alignment undoes it, and the second looks of `level` find the
            points up to 60°, though at 45° one picture in twenty is misread.
        overhang: Largest part of the box's width or height beyond one edge of the frame. Boxes
            reach from the brow to the chin, so a tenth is hardly more than hair.
    """

    interocular_px: float
    sharpness: float
    darkest: float
    brightest: float
    contrast: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    overhang: float


ENROL_LIMITS = Limits(
    interocular_px=20.0,
    sharpness=25.0,
    darkest=45.0,
    brightest=205.0,
    contrast=16.0,
    yaw_deg=40.0,
    pitch_deg=25.0,
    roll_deg=25.0,
    overhang=0.1,
)

VERIFY_LIMITS = Limits(
    interocular_px=12.0,
    sharpness=8.0,
    darkest=27.0,
    brightest=220.0,
    contrast=10.0,
    yaw_deg=50.0,
    pitch_deg=35.0,
    roll_deg=45.0,
    overhang=0.25,
)


def assess(
    frame: Frame, face: Face, aligned: AlignedFace, limits: Limits, others: Sequence[Face] = ()
) -> Quality:
    """Measure one face and name what speaks against using it.

    Args:
        frame: Where the face was found.
        aligned: `face` after alignment.
        others: The other faces in view; they lower a component and raise no issue, because
            whether they matter is a question of policy.

    Raises:
        DegenerateLandmarksError: The points are (nearly) one spot or one line.
    """
    light = _measure_light(aligned)
    pose = head_pose(face)
    overhang = _overhang(frame, face)
    components = {
        Component.INTER_EYE_DISTANCE: _scale(face.interocular_px, *EYE_DISTANCE_PX),
        Component.SHARPNESS: _scale(np.log10(light.sharpness + 1), *SHARPNESS_LOG10),
        Component.UNDER_EXPOSURE: _scale(light.dark_share, 1, 0),
        Component.OVER_EXPOSURE: _scale(light.bright_share, 1, 0),
        Component.DYNAMIC_RANGE: _scale(light.contrast, *CONTRAST),
        Component.HEAD_YAW: _scale(abs(pose.yaw_deg), *YAW_DEG),
        Component.HEAD_PITCH: _scale(abs(pose.pitch_deg), *PITCH_DEG),
        Component.HEAD_ROLL: _scale(abs(pose.roll_deg), *ROLL_DEG),
        Component.SINGLE_FACE: _scale(_largest_rival(face, others), 1, 0),
        Component.INSIDE_FRAME: _scale(overhang, *OVERHANG),
    }
    components[Component.UNIFIED] = min(components.values())
    return Quality(
        interocular_px=face.interocular_px,
        sharpness=light.sharpness,
        brightness=light.brightness,
        contrast=light.contrast,
        yaw_deg=pose.yaw_deg,
        pitch_deg=pose.pitch_deg,
        roll_deg=pose.roll_deg,
        components=_frozen(components),
        issues=_issues(face, light, pose, overhang, limits),
    )


@dataclass(frozen=True, slots=True)
class _Light:
    sharpness: float
    brightness: float
    contrast: float
    dark_share: float
    bright_share: float


# Each pair is (worth 0, worth 100); values beyond are worth the same. In between, linear.
EYE_DISTANCE_PX = (10.0, 60.0)  # 60 px is what most passport rules ask for at capture
SHARPNESS_LOG10 = (0.7, 2.5)  # variances 4 and 315; half of 78,203 everyday crops reach 312
CONTRAST = (5.0, 40.0)
YAW_DEG = (75.0, 10.0)  # the landmarks' own error is near 8°
PITCH_DEG = (60.0, 10.0)
ROLL_DEG = (75.0, 8.0)  # alignment undoes roll, so it costs little
OVERHANG = (0.5, 0.0)


def _measure_light(aligned: AlignedFace) -> _Light:
    grey: NDArray[np.uint8] = np.asarray(cv2.cvtColor(aligned.pixels, cv2.COLOR_BGR2GRAY))
    face = grey[FACE_ROWS, FACE_COLUMNS]
    edges = np.asarray(cv2.Laplacian(grey, cv2.CV_32F))[FACE_ROWS, FACE_COLUMNS]
    return _Light(
        sharpness=float(edges.var()),
        brightness=float(face.mean()),
        contrast=float(face.std()),
        dark_share=float((face <= DARK).mean()),
        bright_share=float((face >= BRIGHT).mean()),
    )


def _overhang(frame: Frame, face: Face) -> float:
    """The largest part of the box's width or height that lies beyond one edge of the frame."""
    box = face.box
    beyond_x = max(-box.x, box.x + box.width - frame.width_px, 0.0)
    beyond_y = max(-box.y, box.y + box.height - frame.height_px, 0.0)
    return max(beyond_x / box.width, beyond_y / box.height)


def _largest_rival(face: Face, others: Sequence[Face]) -> float:
    return max((other.box.area / face.box.area for other in others), default=0.0)


def _issues(
    face: Face, light: _Light, pose: HeadPose, overhang: float, limits: Limits
) -> frozenset[QualityIssue]:
    findings = {
        QualityIssue.IMPLAUSIBLE_FACE: not plausible(face),
        QualityIssue.TOO_SMALL: face.interocular_px < limits.interocular_px,
        QualityIssue.OUTSIDE_FRAME: overhang > limits.overhang,
        QualityIssue.BLURRED: light.sharpness < limits.sharpness,
        QualityIssue.TOO_DARK: light.brightness < limits.darkest,
        QualityIssue.TOO_BRIGHT: light.brightness > limits.brightest,
        QualityIssue.LOW_CONTRAST: light.contrast < limits.contrast,
        QualityIssue.TURNED_AWAY: abs(pose.yaw_deg) > limits.yaw_deg,
        QualityIssue.TILTED_UP_DOWN: abs(pose.pitch_deg) > limits.pitch_deg,
        QualityIssue.TILTED_SIDEWAYS: abs(pose.roll_deg) > limits.roll_deg,
    }
    return frozenset(issue for issue, found in findings.items() if found)


def _scale(value: float, worst: float, best: float) -> int:
    """Where `value` lies between `worst` (0) and `best` (100)."""
    share = (value - worst) / (best - worst)
    return round(BEST * min(1.0, max(0.0, float(share))))


def _frozen(components: dict[Component, int]) -> Mapping[Component, int]:
    return MappingProxyType(components)
