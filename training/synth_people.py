"""People who do not exist, as proportions and colours, and the shots that are taken of them.

Lengths are in px of the 112-px ArcFace crop, from the middle of the head: x to the image's right,
y down, z towards the viewer. The features lie on an ellipsoid that a shot turns and projects.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EYE_DEPTH, NOSE_DEPTH, MOUTH_DEPTH = 33.0, 46.0, 37.0
TURN_DEG, TILT_DEG, LEAN_DEG = 16.0, 7.0, 6.0  # standard deviations of the pose
LARGEST_TURN_DEG = 50.0
_SKINS = np.array(
    [[205, 215, 240], [160, 190, 228], [120, 155, 205], [80, 112, 165], [50, 72, 110]]
)
_HAIRS = np.array([[30, 30, 35], [40, 55, 80], [60, 100, 150], [90, 160, 210], [150, 150, 150]])
_IRISES = np.array([[50, 70, 95], [130, 110, 70], [90, 130, 80], [30, 40, 50]])

Colour = NDArray[np.float64]
Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """What stays the same over all shots; colours are BGR, 0–255."""

    skin: Colour
    hair: Colour
    iris: Colour
    lips: Colour
    shirt: Colour
    half_width: float
    half_height: float
    jaw: float
    eye_x: float
    eye_size: float
    eye_slant: float
    brow_y: float
    brow_size: float
    brow_slant: float
    nose_y: float
    nose_width: float
    mouth_x: float
    mouth_y: float
    lip_size: float
    hairline: float
    hair_volume: float
    long_hair: bool
    beard: float
    glasses: bool


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """What differs between two pictures of one person."""

    yaw: float
    pitch: float
    lean: float
    light: Points
    gain: float
    tint: Colour
    background: Colour
    mouth_open: float
    smile: float
    eye_open: float
    blur: float
    seed: int


def make_person(number: int) -> Person:
    """The same person for the same number, on every machine."""
    own = np.random.default_rng((number, 1))
    skin = _between(_SKINS, own) + own.normal(0, 8, 3)
    return Person(
        skin=skin,
        hair=_between(_HAIRS, own) + own.normal(0, 8, 3),
        iris=_IRISES[own.integers(len(_IRISES))] + own.normal(0, 12, 3),
        lips=skin * (0.75, 0.62, 0.85) + own.uniform(-12, 12, 3),
        shirt=own.uniform(20, 235, 3),
        half_width=own.uniform(34, 43),
        half_height=own.uniform(48, 58),
        jaw=own.uniform(0.5, 0.95),
        eye_x=own.uniform(15.5, 19.5),
        eye_size=own.uniform(5.0, 8.0),
        eye_slant=own.uniform(-8, 8),
        brow_y=own.uniform(9, 14),
        brow_size=own.uniform(1.2, 3.6),
        brow_slant=own.uniform(-12, 12),
        nose_y=own.uniform(3, 10),
        nose_width=own.uniform(5, 10),
        mouth_x=own.uniform(11, 17.5),
        mouth_y=own.uniform(23, 30),
        lip_size=own.uniform(1.6, 4.6),
        hairline=own.uniform(-46, -30),
        hair_volume=own.uniform(2, 11),
        long_hair=bool(own.random() < 0.4),  # noqa: PLR2004 - two in five
        beard=float(max(0.0, own.uniform(-1.0, 0.7))),
        glasses=bool(own.random() < 0.2),  # noqa: PLR2004 - one in five
    )


def make_shot(person: int, number: int) -> Shot:
    """The same shot for the same numbers, on every machine."""
    now = np.random.default_rng((person, number, 2))
    turn, tilt, lean = now.normal(0, (TURN_DEG, TILT_DEG, LEAN_DEG))
    light = np.array([now.uniform(-0.9, 0.9), now.uniform(-0.8, 0.2), 1.0])
    return Shot(
        yaw=float(np.deg2rad(np.clip(turn, -LARGEST_TURN_DEG, LARGEST_TURN_DEG))),
        pitch=float(np.deg2rad(tilt)),
        lean=float(np.deg2rad(lean)),
        light=light / np.linalg.norm(light),
        gain=now.uniform(0.7, 1.15),
        tint=now.uniform(0.92, 1.08, 3),
        background=now.uniform(20, 235, 3),
        mouth_open=float(max(0.0, now.normal(0, 1.5))),
        smile=now.uniform(-1.5, 3.5),
        eye_open=now.uniform(0.7, 1.0),
        blur=now.uniform(0.3, 1.0),
        seed=int(now.integers(1 << 31)),
    )


def landmarks(person: Person, shot: Shot) -> Points:
    """The five points as they are seen, float64 (5, 2), from the middle of the head."""
    points = np.array(
        [
            [-person.eye_x, -14.5, EYE_DEPTH],
            [person.eye_x, -14.5, EYE_DEPTH],
            [0, person.nose_y, NOSE_DEPTH],
            [-person.mouth_x, person.mouth_y, MOUTH_DEPTH],
            [person.mouth_x, person.mouth_y, MOUTH_DEPTH],
        ]
    )
    return seen(points, shot)


def seen(points: Points, shot: Shot) -> Points:
    """Points of the head turned by the pose and projected in parallel: (n, 3) → (n, 2)."""
    cosine, sine = np.cos(shot.yaw), np.sin(shot.yaw)
    x = points[:, 0] * cosine + points[:, 2] * sine
    z = points[:, 2] * cosine - points[:, 0] * sine
    y = points[:, 1] * np.cos(shot.pitch) - z * np.sin(shot.pitch)
    return np.stack([x, y], axis=1)


def _between(colours: NDArray[np.int64], random: np.random.Generator) -> Colour:
    """A colour between two neighbours of a table."""
    at = random.uniform(0, len(colours) - 1)
    low = int(at)
    mixed: Colour = colours[low] + (colours[low + 1] - colours[low]) * (at - low)
    return mixed
