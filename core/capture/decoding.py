"""Pillow's picture → BGR pixels: the only module that decodes, and that knows Pillow's modes."""

import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.capture.containers import PictureFormat
from core.opencv import cv2

MAX_PIXELS = 100_000_000  # twice a 50-megapixel camera; 300 MB as BGR, bombs begin above it

# Decoders of damaged files raise nearly anything, and Pillow promises no base class. The list
# leaves out only what is not about the file (KeyboardInterrupt, SystemExit and their kind).
DECODER_FAULTS: tuple[type[Exception], ...] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    EOFError,
    Image.DecompressionBombError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)

_ORIENTATION_TAG = 0x0112
# How to turn a picture whose EXIF orientation is n, so that it stands upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ALPHA_MODES = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})
_WHITE = 255
_FULL_16_BIT = 65535

# warnings.catch_warnings changes the whole process, so two decoding threads must take turns.
_WARNINGS = threading.Lock()


class PixelLimitError(Exception):
    """A header that announces more than MAX_PIXELS; internal to this package."""


class UnsupportedPixelsError(Exception):
    """Pixels of a kind that is not read; the text says which. Internal to this package."""


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """Pixels uint8 (H, W, 3) BGR, upright, and whether the file holds further pictures."""

    pixels: NDArray[np.uint8]
    animated: bool


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Keep Pillow's warnings about a file from reaching anybody."""
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def decode_first(data: bytes, picture_format: PictureFormat) -> Decoded:
    """The first picture of a file, upright.

    Raises:
        PixelLimitError: Before anything is decoded.
        UnsupportedPixelsError: Floating-point or 32-bit pixels.
        DECODER_FAULTS: The decoder does not accept the bytes.
    """
    with quiet_pillow():
        try:
            image = Image.open(BytesIO(data), formats=(picture_format.value,))
        except Image.DecompressionBombError as error:
            raise PixelLimitError from error
        with image:
            check_pixels(*image.size)
            image.load()
            pixels = upright_bgr(image)
            return Decoded(pixels=pixels, animated=_is_animated(image))


def check_pixels(width_px: int, height_px: int) -> None:
    """Raise PixelLimitError where a picture of this size is not decoded."""
    if width_px * height_px > MAX_PIXELS:
        raise PixelLimitError


def upright_bgr(image: Image.Image) -> NDArray[np.uint8]:
    """Pixels of a loaded picture: uint8 (H, W, 3), BGR, alpha on white, EXIF orientation applied.

    Raises:
        UnsupportedPixelsError: Floating-point or 32-bit pixels.
    """
    turn = _TURNS.get(_orientation(image))
    # A turned 16-bit picture keeps its info, which names the transparent grey.
    turned = image if turn is None else image.transpose(turn)
    if turned.mode.startswith("I"):
        return _grey_16_bit_bgr(turned, image.info.get("transparency"))
    if turned.mode == "F":
        raise UnsupportedPixelsError("its pixels are floating-point numbers")
    if turned.mode in _ALPHA_MODES or "transparency" in turned.info:
        turned = _on_white(turned)
    rgb = np.asarray(turned if turned.mode == "RGB" else turned.convert("RGB"))
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), dtype=np.uint8)


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1 to 8; 1 where there is none or it cannot be read."""
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except DECODER_FAULTS:
        return 1
    return value if isinstance(value, int) else 1


def _is_animated(image: Image.Image) -> bool:
    """Whether more pictures follow; a fault in those costs nothing."""
    if image.format == "MPO":  # stereo halves and gain maps: one photograph
        return False
    try:
        return bool(getattr(image, "is_animated", False))
    except DECODER_FAULTS:
        return False


def _grey_16_bit_bgr(image: Image.Image, transparent: object) -> NDArray[np.uint8]:
    """16-bit grey scaled to 8 bit; Pillow's own conversion clips it to white instead."""
    values = np.asarray(image).astype(np.int64, copy=False)
    if values.size and values.max() > _FULL_16_BIT:
        raise UnsupportedPixelsError("its pixels have more than 16 bits")
    grey = ((values.clip(0) * _WHITE + _FULL_16_BIT // 2) // _FULL_16_BIT).astype(np.uint8)
    if isinstance(transparent, int):
        grey[values == transparent] = _WHITE
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), dtype=np.uint8)


def _on_white(image: Image.Image) -> Image.Image:
    rgba = image.convert("RGBA")
    canvas = Image.new("RGB", rgba.size, (_WHITE, _WHITE, _WHITE))
    canvas.paste(rgba.convert("RGB"), mask=rgba.getchannel("A"))
    return canvas
