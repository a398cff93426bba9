"""What the simulated camera's subject does, and in which light, as a function of time."""

import math
from dataclasses import dataclass
from enum import Enum


class Phase(Enum):
    """What the subject does for some seconds; LEFT and RIGHT from the subject's own view."""

    FRONT = "front"
    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"
    TILT = "tilt"
    BLUR = "blur"
    FAR = "far"
    DIM = "dim"
    NEAR = "near"


# Phase and seconds. The first five are the poses of a guided enrolment in its order, close enough
# together that its patience with each (6 s) is never used up; the difficult ones follow.
SCRIPT: tuple[tuple[Phase, float], ...] = (
    (Phase.FRONT, 3.0),
    (Phase.LEFT, 2.5),
    (Phase.RIGHT, 2.5),
    (Phase.UP, 2.5),
    (Phase.DOWN, 2.5),
    (Phase.FRONT, 2.0),
    (Phase.TILT, 2.5),
    (Phase.BLUR, 2.5),
    (Phase.FAR, 2.5),
    (Phase.DIM, 3.0),
    (Phase.NEAR, 2.5),
)
PERIOD_S = sum(seconds for _, seconds in SCRIPT)

# At the height of each phase. Five points of these drawn heads show about half of the turn: more
# than guided enrolment asks for (10° and 6°), less than it refuses (40° and 30°).
_YAW_DEG = 30.0
_PITCH_DEG = 27.0
_ROLL_DEG = 18.0
_BLUR_PX = 7.0  # standard deviation; a face 200 px high loses all detail
_DIM_LIGHT = 0.08
_FAR_ZOOM = 0.32  # a face 64 px high, its eyes 21 px apart
_NEAR_ZOOM = 1.3
# The way of the head while nothing else happens: shares of the picture, and turns a second.
_SWAY = (0.05, 0.03)
_SWAY_HZ = (0.11, 0.07)
_BREATH_ZOOM = 0.04
_REST = (0.5, 0.48)
_RAMP = 0.3  # share of a phase for getting there, and for coming back


@dataclass(frozen=True, slots=True)
class View:
    """How the scene is seen at one moment.

    Attributes:
        picture: Counts the pictures shown so far; the caller takes it modulo how many it has.
        centre: Of the face, as shares of the frame's width and height.
        zoom: 1 is the ordinary distance.
        yaw_deg: Turned to the image's right is positive (the subject's left).
        pitch_deg: Chin up is positive.
        roll_deg: Clockwise in the image is positive.
        blur_px: Standard deviation of the defocus.
        light: Factor on every pixel.
    """

    picture: int
    centre: tuple[float, float]
    zoom: float
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    blur_px: float = 0.0
    light: float = 1.0


def phase_at(seconds: float) -> Phase:
    """The phase that the script is in."""
    return _within(seconds)[0]


def view_at(seconds: float, seed: int = 0) -> View:
    """What the camera sees so many seconds after its start.

    Args:
        seed: Shifts the way of the head; the phases stay.
    """
    phase, share = _within(seconds)
    strength = _strength(share)
    sway = [math.sin(2 * math.pi * hz * seconds + seed) for hz in _SWAY_HZ]
    zoom = 1.0 + _BREATH_ZOOM * math.sin(0.9 * seconds + seed)
    far_or_near = {Phase.FAR: _FAR_ZOOM, Phase.NEAR: _NEAR_ZOOM}.get(phase, 1.0)
    return View(
        picture=_picture(seconds),
        centre=(_REST[0] + _SWAY[0] * sway[0], _REST[1] + _SWAY[1] * sway[1]),
        zoom=zoom + (far_or_near - 1.0) * strength,
        yaw_deg=strength * {Phase.LEFT: _YAW_DEG, Phase.RIGHT: -_YAW_DEG}.get(phase, 0.0),
        pitch_deg=strength * {Phase.UP: _PITCH_DEG, Phase.DOWN: -_PITCH_DEG}.get(phase, 0.0),
        roll_deg=strength * (_ROLL_DEG if phase is Phase.TILT else 0.0),
        blur_px=strength * (_BLUR_PX if phase is Phase.BLUR else 0.0),
        light=1.0 - (1.0 - _DIM_LIGHT) * strength if phase is Phase.DIM else 1.0,
    )


def _within(seconds: float) -> tuple[Phase, float]:
    """The phase, and the share of it that has passed."""
    rest = seconds % PERIOD_S
    for phase, length in SCRIPT:
        if rest < length:
            return phase, rest / length
        rest -= length
    return SCRIPT[-1][0], 1.0  # the last bit of rounding


def _strength(share: float) -> float:
    """0 at both ends of a phase, 1 in its middle, with smooth ramps."""
    ramp = min(1.0, share / _RAMP, (1.0 - share) / _RAMP)
    return ramp * ramp * (3.0 - 2.0 * ramp)


def _picture(seconds: float) -> int:
    """The picture changes in the middle of the dark, where nobody sees it."""
    darkest = 0.0
    for phase, length in SCRIPT:
        if phase is Phase.DIM:
            darkest += length / 2
            break
        darkest += length
    return int((seconds + PERIOD_S - darkest) // PERIOD_S)
