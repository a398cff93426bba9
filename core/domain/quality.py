"""How good a captured face is, in the terms of ISO/IEC 29794-5."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

BEST = 100


class QualityIssue(StrEnum):
    """What keeps a face from being used, named for what the subject can change."""

    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    IMPLAUSIBLE_FACE = "implausible_face"  # points that form no upright face
    TOO_SMALL = "too_small"
    OUTSIDE_FRAME = "outside_frame"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    LOW_CONTRAST = "low_contrast"
    TURNED_AWAY = "turned_away"  # yaw
    TILTED_UP_DOWN = "tilted_up_down"  # pitch
    TILTED_SIDEWAYS = "tilted_sideways"  # roll
    UNUSABLE_EMBEDDING = "unusable_embedding"  # not finite, or of near-zero norm


class Component(StrEnum):
    """Quality components with the names and the 0–100 scale of ISO/IEC 29794-5."""

    UNIFIED = "UnifiedQualityScore"  # here: the lowest of the others
    INTER_EYE_DISTANCE = "InterEyeDistance"
    SHARPNESS = "Sharpness"
    UNDER_EXPOSURE = "UnderExposurePrevention"
    OVER_EXPOSURE = "OverExposurePrevention"
    DYNAMIC_RANGE = "DynamicRange"
    HEAD_YAW = "HeadPoseYaw"
    HEAD_PITCH = "HeadPosePitch"
    HEAD_ROLL = "HeadPoseRoll"
    SINGLE_FACE = "SingleFacePresent"
    INSIDE_FRAME = "CropOfTheFaceImage"  # the worst of the four margins


@dataclass(frozen=True, slots=True)
class Quality:
    """Measurements of one face.

    Attributes:
        interocular_px: Eye distance in frame pixels.
        sharpness: Variance of the Laplacian on the aligned crop.
        brightness: Mean luminance of the crop, 0–255.
        contrast: Standard deviation of the crop's luminance, 0–127.
        yaw_deg: Turned to the image's right is positive. Estimated from five points.
        pitch_deg: Chin up is positive. Estimated from five points.
        roll_deg: Clockwise in the image is positive.
        components: 0–100 by component, higher is better.
        issues: Why the face is not used; empty means usable.
    """

    interocular_px: float
    sharpness: float
    brightness: float
    contrast: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    components: Mapping[Component, int]
    issues: frozenset[QualityIssue]

    def __post_init__(self) -> None:
        if any(not 0 <= value <= BEST for value in self.components.values()):
            raise ValueError("quality components lie between 0 and 100")

    @property
    def unified(self) -> int:
        """The lowest component, 0–100."""
        return self.components.get(Component.UNIFIED, 0)

    @property
    def usable(self) -> bool:
        """Whether nothing speaks against using this face."""
        return not self.issues
