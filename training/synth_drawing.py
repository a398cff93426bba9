"""Drawing of the synthetic faces.

The crop is aligned by the projected points exactly as a photograph's would be, so that a turned
head looks turned. Lengths are those of `synth_people`.
"""

import numpy as np
from numpy.typing import NDArray

from core.opencv import cv2
from core.vision.align import TEMPLATE, similarity
from training.synth_people import MOUTH_DEPTH, Colour, Person, Points, Shot, landmarks, seen

FINER = 2  # canvas px for one px of the picture; shrinking smooths every edge
HEAD_DEPTH = 44.0
AMBIENT = 0.55  # part of the light that comes from everywhere
HAIR_ROOM = 1.12  # size of the lit ellipsoid in heads, so that hair is lit with it
NOISE = 2.5  # standard deviation, grey levels


def draw_aligned(person: Person, shot: Shot, side_px: int, margin_px: float) -> NDArray[np.uint8]:
    """A crop aligned to the ArcFace template with a margin: uint8 (side, side, 3), BGR."""
    to_picture = similarity(landmarks(person, shot), TEMPLATE + margin_px)
    return draw(person, shot, to_picture, (side_px, side_px))


def draw(
    person: Person, shot: Shot, to_picture: NDArray[np.float64], size_px: tuple[int, int]
) -> NDArray[np.uint8]:
    """A picture with this face: uint8 (height, width, 3), BGR.

    Args:
        to_picture: float64 (2, 3), from the middle of the head to px of the picture.
        size_px: Width and height.
    """
    width, height = size_px
    canvas = np.empty((height * FINER, width * FINER, 3), dtype=np.uint8)
    canvas[:] = np.clip(shot.background, 0, 255)
    pen = _Pen(canvas, to_picture * FINER)
    _draw_behind(pen, person, shot)
    _draw_head(pen, person, shot)
    _draw_eyes(pen, person, shot)
    _draw_nose_and_mouth(pen, person, shot)
    shrunk = cv2.resize(canvas, size_px, interpolation=cv2.INTER_AREA).astype(np.float32)
    colour = (shot.gain * shot.tint).astype(np.float32)
    lit = shrunk * _light(person, shot, to_picture, size_px) * colour
    soft = cv2.GaussianBlur(lit, (0, 0), shot.blur)
    grain = np.random.default_rng(shot.seed).normal(0, NOISE, soft.shape)
    return np.asarray(np.clip(soft + grain, 0, 255), dtype=np.uint8)


class _Pen:
    """Draws on a canvas in the coordinates of the head."""

    def __init__(self, canvas: NDArray[np.uint8], to_canvas: NDArray[np.float64]) -> None:
        self.canvas = canvas
        self.to_canvas = to_canvas
        self.scale = float(np.hypot(to_canvas[0, 0], to_canvas[1, 0]))
        self._turn_deg = float(np.rad2deg(np.arctan2(to_canvas[1, 0], to_canvas[0, 0])))

    def place(self, points: Points) -> Points:
        return points @ self.to_canvas[:, :2].T + self.to_canvas[:, 2]

    def fill(self, outline: Points, colour: Colour) -> None:
        cv2.fillPoly(self.canvas, [np.round(self.place(outline)).astype(np.int32)], _paint(colour))

    def oval(
        self, middle: Points, half: tuple[float, float], colour: Colour, lean_deg: float = 0
    ) -> None:
        x, y = self.place(middle)
        axes = [max(1, round(value * self.scale)) for value in half]
        turn = self._turn_deg + lean_deg
        cv2.ellipse(self.canvas, (round(x), round(y)), axes, turn, 0, 360, _paint(colour), -1)

    def line(self, points: Points, width: float, colour: Colour) -> None:
        placed = np.round(self.place(points)).astype(np.int32)
        thick = max(1, round(width * self.scale))
        cv2.polylines(self.canvas, [placed], isClosed=False, color=_paint(colour), thickness=thick)


def _draw_behind(pen: _Pen, person: Person, shot: Shot) -> None:
    """Shoulders, neck, and the hair that hangs behind the head."""
    width, height = _half_sizes(person, shot)
    chest = np.array(
        [[-95, 150], [-70, 84], [-16, 70], [16, 70], [70, 84], [95, 150], [95, 400], [-95, 400]]
    )
    pen.fill(chest.astype(np.float64), person.shirt)
    neck = np.array([[-0.5, 0.5], [0.5, 0.5], [0.55, 1.5], [-0.55, 1.5]]) * (width, height)
    pen.fill(neck, person.skin * 0.75)
    volume = person.hair_volume
    if person.long_hair:
        back = np.array([0.0, 14.0])
        pen.oval(back, (width + volume + 3, height + volume + 6), person.hair * 0.8)
    crown = seen(np.array([[0.0, -6.0, -12.0]]), shot)[0]
    pen.oval(crown, (width + volume / 2, height + volume), person.hair)


def _draw_head(pen: _Pen, person: Person, shot: Shot) -> None:
    """Ears, the head, beard and fringe."""
    width, height = _half_sizes(person, shot)
    for side in (-1, 1):
        ear = seen(np.array([[side * person.half_width, -4.0, -2.0]]), shot)[0]
        pen.oval(ear, (5, 10), person.skin * 0.85)
    outline = _outline(person, width, height)
    pen.fill(outline, person.skin)
    if person.beard > 0:
        lower = outline[outline[:, 1] > person.mouth_y - 14]
        pen.fill(lower, person.skin * (1 - person.beard) + person.hair * person.beard)
        lips = seen(np.array([[0, person.mouth_y, MOUTH_DEPTH]]), shot)[0]
        pen.oval(lips, (person.mouth_x + 2, person.lip_size + 3), person.skin * 0.95)
    hairline = seen(np.array([[0, person.hairline, 28.0]]), shot)[0, 1]
    fringe = outline[outline[:, 1] < hairline]
    if len(fringe):  # else bald, or the head leans back
        pen.fill(fringe, person.hair)


def _light(
    person: Person, shot: Shot, to_picture: NDArray[np.float64], size_px: tuple[int, int]
) -> NDArray[np.float32]:
    """Light on the head as on a matt ellipsoid, from one side and from everywhere: (h, w, 1)."""
    width, height = _half_sizes(person, shot)
    inverse = cv2.invertAffineTransform(to_picture)
    across = np.arange(size_px[0], dtype=np.float32)[None]
    down = np.arange(size_px[1], dtype=np.float32)[:, None]
    x = (inverse[0, 0] * across + inverse[0, 1] * down + inverse[0, 2]) / (width * HAIR_ROOM)
    y = (inverse[1, 0] * across + inverse[1, 1] * down + inverse[1, 2]) / (height * HAIR_ROOM)
    inside = x * x + y * y
    z = np.sqrt(np.clip(1 - inside, 0, 1))
    facing = np.clip(x * shot.light[0] + y * shot.light[1] + z * shot.light[2], 0, 1)
    light = np.where(inside < 1, AMBIENT + (1 - AMBIENT) * facing, 1.0)
    return np.asarray(light[..., None], dtype=np.float32)


def _draw_eyes(pen: _Pen, person: Person, shot: Shot) -> None:
    for side, point in zip((-1, 1), landmarks(person, shot)[:2], strict=True):
        narrow = max(0.35, float(np.cos(shot.yaw + side * 0.35)) / float(np.cos(0.35)))
        wide, high = person.eye_size * narrow, person.eye_size * 0.5 * shot.eye_open
        lean = side * person.eye_slant
        pen.oval(_by(point, 0, -0.8), (wide + 1.4, high + 1.6), person.skin * 0.6, lean)
        pen.oval(point, (wide, high), np.array([225.0, 228, 230]), lean)
        gaze = _by(point, 4 * np.sin(shot.yaw), 0)
        pen.oval(gaze, (high * 1.05, high), person.iris)
        pen.oval(gaze, (high * 0.5, high * 0.5), np.array([15.0, 15, 15]))
        pen.oval(_by(gaze, -1, -1), (0.7, 0.7), np.array([250.0, 250, 250]))
        brow = _by(point, 0, -person.brow_y)
        rise = np.tan(np.deg2rad(person.brow_slant)) * side
        ends = np.array([[-1.0, 0], [0, -0.18], [1, 0]]) * (9 * narrow, 9)
        ends[:, 1] += ends[:, 0] * rise
        pen.line(brow + ends, person.brow_size, person.hair * 0.8)
        if person.glasses:
            ring = np.linspace(0, 2 * np.pi, 24)
            frame = np.stack([np.cos(ring) * 12 * narrow, np.sin(ring) * 9], axis=1)
            pen.line(point + frame, 1.2, np.array([40.0, 35, 35]))


def _draw_nose_and_mouth(pen: _Pen, person: Person, shot: Shot) -> None:
    points = landmarks(person, shot)
    eyes, nose, corners = points[:2].mean(axis=0), points[2], points[3:]
    side = 1.0 if shot.yaw >= 0 else -1.0
    bridge = _by(eyes, side * person.nose_width * 0.3, 2)
    wing = _by(nose, side * person.nose_width * 0.9, 2)
    pen.line(np.array([bridge, wing]), 1.4, person.skin * 0.72)
    pen.oval(nose, (person.nose_width * 0.7, person.nose_width * 0.5), person.skin * 0.92)
    pen.oval(_by(nose, 0, -1.5), (2.4, 1.8), np.clip(person.skin * 1.08, 0, 255))
    for direction in (-1, 1):
        nostril = _by(nose, direction * person.nose_width * 0.45, 3.2)
        pen.oval(nostril, (1.7, 1.0), person.skin * 0.4)
    middle = corners.mean(axis=0)
    half = float(np.linalg.norm(corners[1] - corners[0])) / 2
    lift = np.array([-shot.smile, 0.0, -shot.smile])
    upper = np.array([[-half, 0], [0, -person.lip_size], [half, 0]])
    lower = np.array([[half, 0], [0, person.lip_size * 1.3 + shot.mouth_open], [-half, 0]])
    lips = np.concatenate(
        [upper + np.stack([lift * 0, lift], 1), lower + np.stack([lift * 0, lift], 1)]
    )
    pen.fill(middle + lips, person.lips)
    gap = np.array([[-half, -shot.smile], [0, shot.mouth_open * 0.4], [half, -shot.smile]])
    pen.line(middle + gap * 0.9, 0.9 + shot.mouth_open * 0.8, person.lips * 0.45)


def _half_sizes(person: Person, shot: Shot) -> tuple[float, float]:
    """Half the width and height of the turned head."""
    wide = np.hypot(person.half_width * np.cos(shot.yaw), HEAD_DEPTH * np.sin(shot.yaw))
    high = np.hypot(person.half_height * np.cos(shot.pitch), HEAD_DEPTH * np.sin(shot.pitch))
    return float(wide), float(high)


def _outline(person: Person, width: float, height: float) -> Points:
    """The head's outline; `jaw` is the width of the chin's curve as a part of the head's."""
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    down = np.clip(np.sin(angle), 0, 1)
    across = np.cos(angle) * width * (1 - (1 - person.jaw) * 0.55 * down)
    return np.stack([across, np.sin(angle) * height], axis=1)


def _by(point: Points, x: float, y: float) -> Points:
    moved: Points = point + np.array([x, y])
    return moved


def _paint(colour: Colour) -> tuple[float, float, float]:
    blue, green, red = np.clip(colour, 0, 255).tolist()
    return blue, green, red
