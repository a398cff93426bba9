"""The same views as `augment.render` makes, as one batch on the training device.

Written in matrices, because a GPU wants few large operations: resizing is a matrix on either side
of the picture, JPEG is a cosine transform of 8×8 blocks. Agrees with the CPU's rendering to a grey
level or two (tested); noise has the same spread but is other noise.
"""

import functools
import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.data.augment import (
    CHANNEL_MEAN,
    CHANNEL_SCALE,
    FACE_SIDE_PX,
    GREY_BGR,
    Draws,
    erased_box,
    small_side,
)
from training.data.shards import CROP_SIDE_PX

BLOCK = 8  # px of a JPEG block
BLUR_REACH = 3.0  # standard deviations that the blur's kernel reaches
# ITU-T T.81, tables K.1 and K.2: what luminance and chrominance are divided by at quality 50.
LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61), (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56), (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77), (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101), (72, 92, 95, 98, 112, 100, 103, 99),
)  # fmt: skip
CHROMINANCE = (
    (17, 18, 24, 47, 99, 99, 99, 99), (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99), (47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * 8,) * 4,
)  # fmt: skip
# ITU-T T.871: luminance and the two differences from RGB, and back.
TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
FROM_YCC = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))


def normalised(pixels: Tensor) -> Tensor:
    """RGB 0–255 → (x − 127.5) / 127.5."""
    return (pixels - CHANNEL_MEAN) / CHANNEL_SCALE


def render_on(device: torch.device, crops: NDArray[np.uint8], draws: Draws, side: int) -> Tensor:
    """The drawn views: float32 (N, 3, side, side), RGB, 0–255, on the device.

    Args:
        crops: uint8 (N, 128, 128, 3), BGR. Not modified.
    """
    pixels = torch.from_numpy(np.ascontiguousarray(crops)).to(device).flip(-1)
    warped = _warp(pixels.permute(0, 3, 1, 2).float(), draws)
    area = _on(device, area_matrix(FACE_SIDE_PX, side)) if side <= FACE_SIDE_PX else None
    grown = _on(device, linear_matrix(FACE_SIDE_PX, side)) if area is None else area
    views = _recolour((grown @ warped @ grown.T).round(), draws)
    views = _blur(_soften(views, draws), draws)
    for index in np.flatnonzero(draws.noise):
        random = torch.Generator(device).manual_seed(int(draws.noise_seed[index]))
        drawn = torch.randn(views[index].shape, generator=random, device=device)
        views[index] += drawn * float(draws.noise[index])
    views = _compress(views.clamp(0, 255), draws)
    for index in np.flatnonzero(draws.erased[:, 3]):
        top, left, bottom, right = erased_box(draws.erased[index], side)
        fill = torch.tensor(draws.fill[index, ::-1].copy(), device=device, dtype=torch.float32)
        views[index, :, top:bottom, left:right] = fill[:, None, None]
    return views


def _on(device: torch.device, values: NDArray[np.float64]) -> Tensor:
    return torch.tensor(values, dtype=torch.float32, device=device)


def _each(device: torch.device, values: NDArray[np.float64]) -> Tensor:
    return _on(device, values).reshape(len(values), -1, 1, 1)


def _warp(pixels: Tensor, draws: Draws) -> Tensor:
    """(N, 3, 128, 128) → (N, 3, 112, 112), by the drawn similarities."""
    matrices = _on(pixels.device, draws.matrices)
    places = torch.arange(FACE_SIDE_PX, device=pixels.device, dtype=torch.float32)
    down, across = torch.meshgrid(places, places, indexing="ij")
    homogeneous = torch.stack([across, down, torch.ones_like(down)], dim=-1)
    found = torch.einsum("hwk,njk->nhwj", homogeneous, matrices)
    grid = 2 * found / (CROP_SIDE_PX - 1) - 1
    return functional.grid_sample(
        pixels, grid, mode="bilinear", padding_mode="border", align_corners=True
    )


@functools.cache
def area_matrix(side: int, small: int) -> NDArray[np.float64]:
    """(small, side): every new pixel is the mean of the area it covers."""
    edges = np.arange(small + 1) * side / small
    pixels = np.arange(side)
    low = np.maximum(edges[:-1, None], pixels[None])
    high = np.minimum(edges[1:, None], pixels[None] + 1)
    covered = np.maximum(0, high - low)
    shares: NDArray[np.float64] = covered / covered.sum(axis=1, keepdims=True)
    return shares


@functools.cache
def linear_matrix(side: int, large: int) -> NDArray[np.float64]:
    """(large, side): every new pixel lies between two old ones."""
    places = np.clip((np.arange(large) + 0.5) * side / large - 0.5, 0, side - 1)
    matrix = np.zeros((large, side))
    below = np.minimum(places.astype(int), max(0, side - 2))
    matrix[np.arange(large), below] = 1 - (places - below)
    matrix[np.arange(large), np.minimum(below + 1, side - 1)] += places - below
    return matrix


def _recolour(pixels: Tensor, draws: Draws) -> Tensor:
    device = pixels.device
    weights = _on(device, GREY_BGR[::-1].astype(np.float64))
    grey = torch.einsum("nchw,c->nhw", pixels, weights)[:, None]
    coloured = grey + (pixels - grey) * _each(device, draws.saturation)
    mean = grey.mean(dim=(2, 3), keepdim=True)
    contrasted = mean + (coloured - mean) * _each(device, draws.contrast)
    return contrasted * _each(device, draws.light[:, ::-1].copy())


def _soften(views: Tensor, draws: Draws) -> Tensor:
    chosen = np.flatnonzero(draws.small < 1)
    if not len(chosen):
        return views
    side = views.shape[-1]
    sizes = [small_side(draws.small[index], side) for index in chosen]
    matrices = np.stack([linear_matrix(size, side) @ area_matrix(side, size) for size in sizes])
    both = _on(views.device, matrices)[:, None]
    index = torch.from_numpy(chosen).to(views.device)
    views[index] = both @ views[index] @ both.transpose(2, 3)
    return views


def _blur(views: Tensor, draws: Draws) -> Tensor:
    chosen = np.flatnonzero(draws.blur)
    if not len(chosen):
        return views
    side = views.shape[-1]
    spread = draws.blur[chosen] * side
    reach = max(1, math.ceil(BLUR_REACH * float(spread.max())))
    steps = np.arange(-reach, reach + 1)
    kernels = np.exp(-(steps**2) / (2 * spread[:, None] ** 2))
    kernels /= kernels.sum(axis=1, keepdims=True)
    weights = _on(views.device, np.repeat(kernels, 3, axis=0))
    index = torch.from_numpy(chosen).to(views.device)
    flat = views[index].reshape(1, -1, side, side)
    padded = functional.pad(flat, (reach, reach, reach, reach), mode="reflect")
    groups = flat.shape[1]
    down = functional.conv2d(padded, weights[:, None, :, None], groups=groups)
    across = functional.conv2d(down, weights[:, None, None, :], groups=groups)
    views[index] = across.reshape(len(chosen), 3, side, side)
    return views


@functools.cache
def _cosines() -> NDArray[np.float64]:
    """(8, 8): the orthonormal cosine transform."""
    row, column = np.arange(BLOCK)[:, None], np.arange(BLOCK)[None]
    waves = np.cos((2 * column + 1) * row * np.pi / (2 * BLOCK)) * math.sqrt(2 / BLOCK)
    waves[0] /= math.sqrt(2)
    return waves


def _compress(views: Tensor, draws: Draws) -> Tensor:
    """JPEG with colour at half the size, as encoders do by default."""
    chosen = np.flatnonzero(draws.quality)
    if not len(chosen):
        return views
    index = torch.from_numpy(chosen).to(views.device)
    device = views.device
    quality = draws.quality[chosen].astype(int)
    scale = np.where(quality < 50, 5000 // np.maximum(1, quality), 200 - 2 * quality)  # noqa: PLR2004 - libjpeg's rule
    side = views.shape[-1]
    full = -(-side // (2 * BLOCK)) * 2 * BLOCK
    padded = functional.pad(views[index], (0, full - side, 0, full - side), mode="replicate")
    ycc = torch.einsum("kc,nchw->nkhw", _on(device, np.array(TO_YCC)), padded)
    luminance = _quantised(ycc[:, :1] - CHANNEL_MEAN - 0.5, LUMINANCE, scale)
    half = functional.avg_pool2d(ycc[:, 1:], 2)
    colour = functional.interpolate(
        _quantised(half, CHROMINANCE, scale), scale_factor=2, mode="bilinear"
    )
    back = torch.cat([luminance + CHANNEL_MEAN + 0.5, colour], dim=1)
    rgb = torch.einsum("kc,nchw->nkhw", _on(device, np.array(FROM_YCC)), back)
    views[index] = rgb[..., :side, :side].round().clamp(0, 255)
    return views


def _quantised(
    planes: Tensor, table: tuple[tuple[int, ...], ...], scale: NDArray[np.int64]
) -> Tensor:
    """Planes (n, k, h, w) after the rounding of their blocks' cosine transforms."""
    count, kinds, height, width = planes.shape
    waves = _on(planes.device, _cosines())
    divisors = np.clip((np.array(table)[None] * scale[:, None, None] + 50) // 100, 1, 255)
    steps = _on(planes.device, divisors.astype(np.float64))[:, None, None, None]
    blocks = planes.reshape(count, kinds, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    blocks = blocks.permute(0, 1, 2, 4, 3, 5)
    rounded = ((waves @ blocks @ waves.T) / steps).round() * steps
    restored = (waves.T @ rounded @ waves).permute(0, 1, 2, 4, 3, 5)
    return restored.reshape(count, kinds, height, width)
