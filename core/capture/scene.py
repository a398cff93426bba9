"""One picture of a subject as a scene before the simulated camera: moved, turned, lit."""

import math

import numpy as np
from numpy.typing import NDArray

from core.capture.script import View
from core.domain.face import Box
from core.domain.frame import Frame
from core.opencv import cv2

WIDTH_PX, HEIGHT_PX = 640, 480
FACE_HEIGHT_PX = 200.0  # of a face at zoom 1: a head at arm's length before a webcam
_LARGEST_ZOOM = 1.3  # pictures are kept this much larger, so that zooming in stays sharp

# Where a face lies in a portrait of unknown content, as shares of its width and height.
_PORTRAIT_CENTRE = (0.5, 0.44)
_PORTRAIT_WIDTH = 0.36
_FACE_ASPECT = 1.3  # height by width of a detector's box

# The relief of a head, in widths of the face's box: a wide dome under the whole head, and the
# nose upon it. Chosen by eye for natural looks, and so that turning by 30° moves the five-point
# estimates of yaw by 16° and of pitch by 7° in the mean (10 pictures, YuNet, which knows only
# heads that turn all of themselves).
_DOME_AT, _NOSE_AT = (0.5, 0.55), (0.5, 0.6)  # shares of the box
_DOME_HEIGHT, _DOME_SPREAD = 0.5, (0.6, 0.8)  # spread: standard deviations across and down
_NOSE_HEIGHT, _NOSE_SPREAD = 0.25, (0.2, 0.2)
_REACH = 3.0  # standard deviations beyond which the relief is flat

_WALL_PX = 400  # of blurred wall around the picture, for when the subject is far away
_WALL_BLUR_PX = 12.0  # standard deviation, at a quarter of the size
_SEAM_PX = 32  # over which the picture fades into the wall

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Point = tuple[float, float]


class Scene:
    """A picture at working size, hung on a wall of its own colours, with the relief of its head.

    Args:
        picture: The subject, upright.
        face: Where the face is, in pixels of `picture`; None assumes a portrait.
    """

    def __init__(self, picture: Frame, face: Box | None = None) -> None:
        face = face if face is not None else _portrait_face(picture)
        scale = _LARGEST_ZOOM * FACE_HEIGHT_PX / face.height
        self._pixels = _on_wall(_resized(picture.pixels, scale))
        self._face_width_px = face.width * scale

        def place(share: Point) -> Point:
            x = (face.x + share[0] * face.width) * scale + _WALL_PX
            return x, (face.y + share[1] * face.height) * scale + _WALL_PX

        self._centre, self._dome, self._nose = place((0.5, 0.5)), place(_DOME_AT), place(_NOSE_AT)

    def show(self, view: View) -> Pixels:
        """The scene as the camera sees it: uint8 (480, 640, 3) BGR, a fresh array."""
        matrix = cv2.getRotationMatrix2D(self._centre, -view.roll_deg, view.zoom / _LARGEST_ZOOM)
        matrix[0, 2] += WIDTH_PX * view.centre[0] - self._centre[0]
        matrix[1, 2] += HEIGHT_PX * view.centre[1] - self._centre[1]
        shown = cv2.warpAffine(
            self._turned(view.yaw_deg, view.pitch_deg),
            matrix,
            (WIDTH_PX, HEIGHT_PX),
            borderMode=cv2.BORDER_REPLICATE,
        )
        if view.blur_px > 0:
            shown = cv2.GaussianBlur(shown, (0, 0), view.blur_px)
        if view.light != 1.0:
            shown = cv2.convertScaleAbs(shown, alpha=view.light)
        return np.asarray(shown, dtype=np.uint8)

    def _turned(self, yaw_deg: float, pitch_deg: float) -> Pixels:
        """The picture with each point moved by its height above the wall, as turning does."""
        if yaw_deg == 0 and pitch_deg == 0:
            return self._pixels
        right, down = math.tan(math.radians(yaw_deg)), -math.tan(math.radians(pitch_deg))
        left_px, top_px, columns, rows = self._reach()
        relief = self._relief(columns, rows, right, down)
        turned = self._pixels.copy()
        turned[top_px : top_px + rows.size, left_px : left_px + columns.size] = cv2.remap(
            self._pixels,
            columns - np.float32(right) * relief,
            rows - np.float32(down) * relief,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return turned

    def _reach(self) -> tuple[int, int, Floats, Floats]:
        """Where the relief is not flat: left, top, and coordinates as a row and a column."""
        height_px, width_px = self._pixels.shape[:2]
        across, down = (_REACH * spread * self._face_width_px for spread in _DOME_SPREAD)
        left, right = (int(self._dome[0] + way * across) for way in (-1, 1))
        top, bottom = (int(self._dome[1] + way * down) for way in (-1, 1))
        left, top = max(left, 0), max(top, 0)
        columns = np.arange(left, min(right, width_px), dtype=np.float32)
        rows = np.arange(top, min(bottom, height_px), dtype=np.float32)
        return left, top, columns[np.newaxis, :], rows[:, np.newaxis]

    def _relief(self, columns: Floats, rows: Floats, right: float, down: float) -> Floats:
        """Heights in pixels, float32, at the places where the turned head shows them."""
        unit = self._face_width_px
        dome_px, nose_px = _DOME_HEIGHT * unit, _NOSE_HEIGHT * unit
        # A summit moves by its own height; where it lands, the map must show it.
        dome_at = (self._dome[0] + right * dome_px, self._dome[1] + down * dome_px)
        lift_px = dome_px + nose_px
        nose_at = (self._nose[0] + right * lift_px, self._nose[1] + down * lift_px)
        dome = _hill(columns, rows, dome_at, [unit * s for s in _DOME_SPREAD])
        nose = _hill(columns, rows, nose_at, [unit * s for s in _NOSE_SPREAD])
        relief: Floats = np.float32(dome_px) * dome + np.float32(nose_px) * nose
        return relief


def _hill(columns: Floats, rows: Floats, at: Point, spread_px: list[float]) -> Floats:
    """A Gaussian hill of height 1, float32, over the grid of `columns` and `rows`."""
    across = np.exp(-(((columns - np.float32(at[0])) / np.float32(spread_px[0])) ** 2) / 2)
    down = np.exp(-(((rows - np.float32(at[1])) / np.float32(spread_px[1])) ** 2) / 2)
    hill: Floats = down * across
    return hill


def _resized(pixels: Pixels, scale: float) -> Pixels:
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    resized = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=method)
    return np.asarray(resized, dtype=np.uint8)


def _on_wall(pixels: Pixels) -> Pixels:
    """The picture in the middle of its own blurred surroundings.

    Mirroring the picture instead would show the detector further faces.
    """
    edges = (_WALL_PX,) * 4
    hung = cv2.copyMakeBorder(pixels, *edges, cv2.BORDER_REPLICATE)
    coarse = cv2.resize(hung, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(coarse, (0, 0), _WALL_BLUR_PX)
    wall = cv2.resize(soft, (hung.shape[1], hung.shape[0]), interpolation=cv2.INTER_LINEAR)
    inside = np.zeros(hung.shape[:2], np.float32)
    inner = _WALL_PX + _SEAM_PX // 2
    inside[inner:-inner, inner:-inner] = 1.0
    share = cv2.blur(inside, (_SEAM_PX, _SEAM_PX))
    return np.asarray(cv2.blendLinear(hung, wall, share, 1.0 - share), dtype=np.uint8)


def _portrait_face(picture: Frame) -> Box:
    width = _PORTRAIT_WIDTH * picture.width_px
    height = _FACE_ASPECT * width
    return Box(
        x=_PORTRAIT_CENTRE[0] * picture.width_px - width / 2,
        y=_PORTRAIT_CENTRE[1] * picture.height_px - height / 2,
        width=width,
        height=height,
    )
