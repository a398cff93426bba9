"""Seeded augmentation of batches of crops with a margin.

Geometry comes first, on the 128-px crop, so that the margin feeds the corners; then the crop is
brought to the network's size, and colour, softness and erasing follow there, where pixels are
fewer. Strength scales every probability and every range; 0 shows the plain ArcFace crop, mirrored
or not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.opencv import cv2
from core.vision.tensors import fit_crop
from training.data.shards import CROP_SIDE_PX, MARGIN_PX

FACE_SIDE_PX = CROP_SIDE_PX - 2 * MARGIN_PX
# Ranges at strength 1; chosen so that corners stay inside the margin in four of five draws.
TURN_DEG = 12.0
ZOOM = 0.10
SHIFT_PX = 6.0
BRIGHTNESS = 0.35
CONTRAST = 0.35
SATURATION = 0.5
TINT = 0.12
GREY_CHANCE = 0.2
SOFT_CHANCE = 0.4
NOISE_CHANCE = 0.2
ERASE_CHANCE = 0.4
SOFTEST = 0.25  # side of the smallest intermediate size, as a part of the network's side
NOISE_SPREAD = 12.0  # standard deviation at most, grey levels
ERASE_SIDE = (0.1, 0.4)  # sides of the erased rectangle, as parts of the picture's
CHANNEL_MEAN = 127.5
CHANNEL_SCALE = 127.5
_GREY_BGR = np.array([0.114, 0.587, 0.299], dtype=np.float32)  # ITU-R BT.601


@dataclass(frozen=True, slots=True)
class Views:
    """What a network is shown.

    Attributes:
        images: float32 (N, 3, side, side), RGB, (x − 127.5) / 127.5.
        mirrored: bool (N,).
    """

    images: NDArray[np.float32]
    mirrored: NDArray[np.bool_]


def plain_views(crops: NDArray[np.uint8], side: int) -> Views:
    """The ArcFace crops as they are, at the network's size.

    Args:
        crops: uint8 (N, 128, 128, 3), BGR. Not modified.
    """
    inner = crops[:, MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]
    pixels = np.stack([fit_crop(crop, side, side) for crop in inner])
    return Views(normalise(pixels.astype(np.float32)), np.zeros(len(crops), dtype=np.bool_))


def augmented_views(
    crops: NDArray[np.uint8], side: int, strength: float, random: np.random.Generator
) -> Views:
    """Crops jittered, recoloured, softened and partly erased.

    Args:
        crops: uint8 (N, 128, 128, 3), BGR. Not modified.
        strength: 0–1.
    """
    count = len(crops)
    mirrored = random.random(count) < 0.5  # noqa: PLR2004 - a fair coin
    matrices = _jitter(count, mirrored, strength, random)
    pixels = np.stack(
        [_warp(crop, matrix, side) for crop, matrix in zip(crops, matrices, strict=True)]
    ).astype(np.float32)
    if strength > 0:
        pixels = _recolour(pixels, strength, random)
        for index in np.flatnonzero(random.random(count) < SOFT_CHANCE * strength):
            pixels[index] = _soften(pixels[index], random)
        for index in np.flatnonzero(random.random(count) < NOISE_CHANCE * strength):
            spread = random.uniform(0, NOISE_SPREAD)
            pixels[index] += random.normal(0, spread, pixels[index].shape)
        for index in np.flatnonzero(random.random(count) < ERASE_CHANCE * strength):
            _erase(pixels[index], random)
        np.clip(pixels, 0, 255, out=pixels)
    return Views(normalise(pixels), mirrored)


def normalise(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, side, side, 3) BGR 0–255 → (N, 3, side, side) RGB, (x − 127.5) / 127.5."""
    scaled = (pixels[..., ::-1] - CHANNEL_MEAN) / CHANNEL_SCALE
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2), dtype=np.float32)


def _jitter(
    count: int, mirrored: NDArray[np.bool_], strength: float, random: np.random.Generator
) -> NDArray[np.float64]:
    """Maps from the 112-px view to the 128-px crop: float64 (N, 2, 3)."""
    turn = np.deg2rad(random.uniform(-TURN_DEG, TURN_DEG, count) * strength)
    zoom = 1 + random.uniform(-ZOOM, ZOOM, count) * strength
    shift = random.uniform(-SHIFT_PX, SHIFT_PX, (count, 2)) * strength
    cosine, sine = np.cos(turn) * zoom, np.sin(turn) * zoom
    flip = np.where(mirrored, -1.0, 1.0)
    linear = np.stack(
        [np.stack([cosine * flip, -sine], -1), np.stack([sine * flip, cosine], -1)], axis=1
    )
    middle_view, middle_crop = (FACE_SIDE_PX - 1) / 2, (CROP_SIDE_PX - 1) / 2
    offset = middle_crop + shift - linear @ np.array([middle_view, middle_view])
    return np.concatenate([linear, offset[:, :, None]], axis=2)


def _warp(crop: NDArray[np.uint8], matrix: NDArray[np.float64], side: int) -> NDArray[np.uint8]:
    view = cv2.warpAffine(
        crop,
        matrix,
        (FACE_SIDE_PX, FACE_SIDE_PX),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return fit_crop(np.asarray(view, dtype=np.uint8), side, side)


def _recolour(
    pixels: NDArray[np.float32], strength: float, random: np.random.Generator
) -> NDArray[np.float32]:
    count = len(pixels)

    def around_one(spread: float, *shape: int) -> NDArray[np.float32]:
        drawn = 1 + random.uniform(-spread, spread, (count, *shape)) * strength
        return drawn.astype(np.float32)

    grey = pixels @ _GREY_BGR
    saturation = around_one(SATURATION, 1, 1, 1)
    saturation[random.random(count) < GREY_CHANCE * strength] = 0
    coloured = grey[..., None] + (pixels - grey[..., None]) * saturation
    mean = grey.mean(axis=(1, 2), keepdims=True)[..., None]
    contrasted = mean + (coloured - mean) * around_one(CONTRAST, 1, 1, 1)
    lit = contrasted * around_one(BRIGHTNESS, 1, 1, 1) * around_one(TINT, 1, 1, 3)
    return np.asarray(lit, dtype=np.float32)


def _soften(picture: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    side = picture.shape[0]
    small = max(4, round(side * random.uniform(SOFTEST, 0.9)))
    shrunk = cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA)
    grown = cv2.resize(shrunk, (side, side), interpolation=cv2.INTER_LINEAR)
    return np.asarray(grown, dtype=np.float32)


def _erase(picture: NDArray[np.float32], random: np.random.Generator) -> None:
    side = picture.shape[0]
    height, width = (random.uniform(*ERASE_SIDE, 2) * side).astype(int) + 1
    top, left = random.integers(0, side - height + 1), random.integers(0, side - width + 1)
    picture[top : top + height, left : left + width] = random.uniform(0, 255, 3)
