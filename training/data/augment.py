"""Seeded augmentation of batches of crops with a margin.

First everything random is drawn, as plain numbers; then a batch is rendered from them, here on a
CPU, and in `augment_device` on a GPU. Geometry comes first, on the 128-px crop, so that the margin
feeds the corners; then the crop is brought to the wanted size, and the rest follows there, where
pixels are fewer. Strength scales every probability and every range; 0 shows the plain ArcFace
crop, mirrored or not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

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
BLUR_CHANCE = 0.15
NOISE_CHANCE = 0.2
JPEG_CHANCE = 0.2
ERASE_CHANCE = 0.4
SOFTEST = 0.25  # side of the smallest intermediate size, as a part of the network's side
SOFTEST_PX = 4  # and never fewer pixels than this
BLUR_SPREAD = (0.003, 0.02)  # standard deviation of the blur, as a part of the picture's side
NOISE_SPREAD = 12.0  # standard deviation at most, grey levels
JPEG_QUALITY = (20, 80)  # in libjpeg's sense
ERASE_SIDE = (0.1, 0.4)  # sides of the erased rectangle, as parts of the picture's
CHANNEL_MEAN = 127.5
CHANNEL_SCALE = 127.5
GREY_BGR = np.array([0.114, 0.587, 0.299], dtype=np.float32)  # ITU-R BT.601
LARGEST_SEED = 2**31

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """What a network is shown.

    Attributes:
        images: float32 (N, 3, side, side), RGB, (x − 127.5) / 127.5.
        mirrored: bool (N,).
    """

    images: NDArray[np.float32]
    mirrored: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Everything random about a batch of views, one row a view; what is off has its neutral value.

    Attributes:
        mirrored: bool (N,).
        matrices: (N, 2, 3) from places in the 112-px view to places in the 128-px crop.
        saturation: (N,); 0 is grey, 1 neutral.
        contrast: (N,) around the view's mean; 1 neutral.
        light: (N, 3) factors of blue, green and red; 1 neutral.
        small: (N,) side of the intermediate size, part of the view's; 1 neutral.
        blur: (N,) standard deviation, part of the view's side; 0 neutral.
        noise: (N,) standard deviation, grey levels; 0 neutral.
        noise_seed: int64 (N,).
        quality: (N,) of JPEG; 0 neutral.
        erased: (N, 4) top, left, height and width, parts of the side; width 0 neutral.
        fill: (N, 3) of the erased rectangle, BGR, 0–255.
    """

    mirrored: NDArray[np.bool_]
    matrices: Floats
    saturation: Floats
    contrast: Floats
    light: Floats
    small: Floats
    blur: Floats
    noise: Floats
    noise_seed: NDArray[np.int64]
    quality: Floats
    erased: Floats
    fill: Floats


def draw(count: int, strength: float, random: np.random.Generator) -> Draws:
    """Draw the views of a batch.

    Args:
        strength: 0–1.
    """

    def spread(width: float, *shape: int) -> Floats:
        return random.uniform(-width, width, (count, *shape)) * strength

    def sometimes(chance: float, values: Floats, neutral: float) -> Floats:
        return np.where(random.random(count) < chance * strength, values, neutral)

    mirrored = random.random(count) < 0.5  # noqa: PLR2004 - a fair coin
    matrices = _matrices(mirrored, spread(TURN_DEG), spread(ZOOM), spread(SHIFT_PX, 2))
    saturation = sometimes(GREY_CHANCE, np.zeros(count), np.nan)
    saturation = np.where(np.isnan(saturation), 1 + spread(SATURATION), saturation)
    size = random.uniform(*ERASE_SIDE, (count, 2))
    place = random.random((count, 2)) * (1 - size)
    erased = np.concatenate([place, size], axis=1)
    erased[:, 3] = sometimes(ERASE_CHANCE, erased[:, 3], 0)
    return Draws(
        mirrored=mirrored,
        matrices=matrices,
        saturation=saturation,
        contrast=1 + spread(CONTRAST),
        light=(1 + spread(BRIGHTNESS, 1)) * (1 + spread(TINT, 3)),
        small=sometimes(SOFT_CHANCE, random.uniform(SOFTEST, 0.9, count), 1),
        blur=sometimes(BLUR_CHANCE, random.uniform(*BLUR_SPREAD, count), 0),
        noise=sometimes(NOISE_CHANCE, random.uniform(0, NOISE_SPREAD, count), 0),
        noise_seed=random.integers(0, LARGEST_SEED, count),
        quality=sometimes(JPEG_CHANCE, random.uniform(*JPEG_QUALITY, count), 0),
        erased=erased,
        fill=random.uniform(0, 255, (count, 3)),
    )


def draw_each(seeds: Sequence[tuple[int, ...]], strength: float) -> Draws:
    """Draw views one by one, so that each depends on its own seed alone."""
    rows = [draw(1, strength, np.random.default_rng(seed)) for seed in seeds]
    return Draws(
        **{
            each.name: np.concatenate([getattr(row, each.name) for row in rows])
            for each in fields(Draws)
        }
    )


def _matrices(mirrored: NDArray[np.bool_], turn: Floats, zoom: Floats, shift: Floats) -> Floats:
    angle, scale = np.deg2rad(turn), 1 + zoom
    cosine, sine = np.cos(angle) * scale, np.sin(angle) * scale
    flip = np.where(mirrored, -1.0, 1.0)
    linear = np.stack(
        [np.stack([cosine * flip, -sine], -1), np.stack([sine * flip, cosine], -1)], axis=1
    )
    middle_view, middle_crop = (FACE_SIDE_PX - 1) / 2, (CROP_SIDE_PX - 1) / 2
    offset = middle_crop + shift - linear @ np.array([middle_view, middle_view])
    return np.concatenate([linear, offset[:, :, None]], axis=2)


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
    """Crops jittered, recoloured, softened, compressed and partly erased.

    Args:
        crops: uint8 (N, 128, 128, 3), BGR. Not modified.
        strength: 0–1.
    """
    draws = draw(len(crops), strength, random)
    return Views(normalise(render(crops, draws, side)), draws.mirrored)


def render(crops: NDArray[np.uint8], draws: Draws, side: int) -> NDArray[np.float32]:
    """The drawn views: float32 (N, side, side, 3), BGR, 0–255.

    Args:
        crops: uint8 (N, 128, 128, 3), BGR. Not modified.
    """
    warped = [_warp(crop, at, side) for crop, at in zip(crops, draws.matrices, strict=True)]
    pixels = _recolour(np.stack(warped).astype(np.float32), draws)
    for index in np.flatnonzero(draws.small < 1):
        pixels[index] = _soften(pixels[index], draws.small[index])
    for index in np.flatnonzero(draws.blur):
        spread = draws.blur[index] * side
        pixels[index] = cv2.GaussianBlur(pixels[index], (0, 0), spread)
    for index in np.flatnonzero(draws.noise):
        random = np.random.default_rng(draws.noise_seed[index])
        pixels[index] += random.normal(0, draws.noise[index], pixels[index].shape)
    np.clip(pixels, 0, 255, out=pixels)
    for index in np.flatnonzero(draws.quality):
        pixels[index] = _compress(pixels[index], draws.quality[index])
    for index in np.flatnonzero(draws.erased[:, 3]):
        top, left, bottom, right = erased_box(draws.erased[index], side)
        pixels[index, top:bottom, left:right] = draws.fill[index]
    return pixels


def erased_box(erased: Floats, side: int) -> tuple[int, int, int, int]:
    """Top, left, bottom and right of an erased rectangle, px; the ends exclusive."""
    top, left, height, width = (erased * side).astype(int)
    return top, left, top + height + 1, left + width + 1


def normalise(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, side, side, 3) BGR 0–255 → (N, 3, side, side) RGB, (x − 127.5) / 127.5."""
    scaled = (pixels[..., ::-1] - CHANNEL_MEAN) / CHANNEL_SCALE
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2), dtype=np.float32)


def _warp(crop: NDArray[np.uint8], matrix: Floats, side: int) -> NDArray[np.uint8]:
    view = cv2.warpAffine(
        crop,
        matrix,
        (FACE_SIDE_PX, FACE_SIDE_PX),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return fit_crop(np.asarray(view, dtype=np.uint8), side, side)


def _recolour(pixels: NDArray[np.float32], draws: Draws) -> NDArray[np.float32]:
    neutral = np.ones(len(pixels))
    if all(np.array_equal(each, neutral) for each in (draws.saturation, draws.contrast)):
        return pixels * draws.light[:, None, None].astype(np.float32)

    def of_each(values: Floats) -> NDArray[np.float32]:
        return values.reshape(len(pixels), 1, 1, -1).astype(np.float32)

    grey = (pixels @ GREY_BGR)[..., None]
    coloured = grey + (pixels - grey) * of_each(draws.saturation)
    mean = grey.mean(axis=(1, 2), keepdims=True)
    contrasted = mean + (coloured - mean) * of_each(draws.contrast)
    return np.asarray(contrasted * of_each(draws.light), dtype=np.float32)


def small_side(part: float, side: int) -> int:
    """The intermediate size of a softened view, px."""
    return max(SOFTEST_PX, round(side * part))


def _soften(picture: NDArray[np.float32], part: float) -> NDArray[np.float32]:
    side = picture.shape[0]
    small = small_side(part, side)
    shrunk = cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA)
    grown = cv2.resize(shrunk, (side, side), interpolation=cv2.INTER_LINEAR)
    return np.asarray(grown, dtype=np.float32)


def _compress(picture: NDArray[np.float32], quality: float) -> NDArray[np.float32]:
    done, data = cv2.imencode(
        ".jpg", picture.round().astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, int(quality)]
    )
    assert done, "a picture of bytes can be encoded"
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.float32)
