"""A picture file → Frame, whatever it is called and however it was stored."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

from core.capture.containers import PictureFormat, plain_jpeg, plain_png, png_has_end, sniff
from core.capture.decoding import (
    DECODER_FAULTS,
    MAX_PIXELS,
    Decoded,
    PixelLimitError,
    UnsupportedPixelsError,
    decode_first,
)
from core.capture.errors import HeicUnsupportedError, PictureTooLargeError, PictureUnreadableError
from core.capture.heic import HeicDecoderMissingError, decode_heic
from core.capture.jpeg_end import JpegEnd, closed_jpeg, jpeg_end, probe_jpegs
from core.capture.regular import read_regular, shown, why
from core.domain.frame import Frame

MAX_BYTES = 512 * 1024 * 1024  # an uncompressed 16-bit picture of 85 megapixels
_CUT_OFF = "it is cut off; copy or download it again"
_UNKNOWN = "its bytes are no picture of a known format"
_DAMAGED = "its bytes are damaged"


class PictureNote(Enum):
    """What the person should know about a picture that was read all the same."""

    FIRST_OF_SEVERAL = "It holds several pictures; only the first one was used."
    CLOSING_BYTES_MISSING = "Its closing bytes are missing, but the picture is complete."


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was read, and what there is to say about it."""

    frame: Frame
    notes: tuple[PictureNote, ...] = ()


def read_picture(path: Path) -> Picture:
    """Read one picture file; its bytes decide about its format, never its name.

    Raises:
        PictureUnreadableError: No regular readable file, or no picture.
        PictureTooLargeError: More than MAX_BYTES or MAX_PIXELS.
        HeicUnsupportedError: HEIC without the extra.
    """
    return decode_picture(_read_bytes(path), shown(path))


def decode_picture(data: bytes, name: str) -> Picture:
    """Decode a picture from memory: upright, BGR, alpha on white, 16-bit scaled.

    Args:
        name: How error sentences call it.

    Raises:
        PictureUnreadableError: Not a picture, damaged or cut off.
        PictureTooLargeError: More than MAX_BYTES or MAX_PIXELS.
        HeicUnsupportedError: HEIC without the extra.
    """
    if not data:
        raise PictureUnreadableError(path=name, reason="it is empty")
    if len(data) > MAX_BYTES:
        raise _too_many_bytes(name, len(data))
    picture_format = sniff(data)
    if picture_format is None:
        raise PictureUnreadableError(path=name, reason=_UNKNOWN)
    try:
        decoded, notes = _decode(data, picture_format)
    except PixelLimitError as error:
        limit = f"{MAX_PIXELS // 1_000_000} megapixels"
        raise PictureTooLargeError(path=name, found=f"more than {limit}", limit=limit) from error
    except HeicDecoderMissingError as error:
        raise HeicUnsupportedError(path=name) from error
    except UnsupportedPixelsError as error:
        raise PictureUnreadableError(path=name, reason=str(error)) from error
    except DECODER_FAULTS as error:
        raise PictureUnreadableError(path=name, reason=_reason(error)) from error
    return Picture(frame=Frame(pixels=decoded.pixels), notes=notes)


def _read_bytes(path: Path) -> bytes:
    name = shown(path)
    try:
        found = path.stat().st_size
        if found > MAX_BYTES:
            raise _too_many_bytes(name, found)
        return read_regular(path, MAX_BYTES + 1)
    except OSError as error:
        raise PictureUnreadableError(path=name, reason=why(error)) from error
    except ValueError as error:  # a zero byte in the name
        raise PictureUnreadableError(path=name, reason="there can be no such file") from error


def _reason(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    # Pillow tells a short file only by its words.
    return _CUT_OFF if "truncated" in str(error).lower() else _DAMAGED


def _too_many_bytes(name: str, found: int) -> PictureTooLargeError:
    mebibyte = 1024 * 1024
    return PictureTooLargeError(
        path=name, found=f"{found / mebibyte:.0f} MB", limit=f"{MAX_BYTES // mebibyte} MB"
    )


def _decode(data: bytes, picture_format: PictureFormat) -> tuple[Decoded, tuple[PictureNote, ...]]:
    notes: list[PictureNote] = []
    if picture_format is PictureFormat.JPEG:
        data, closed = _whole_jpeg(data)
        decoded = _decode_without_metadata_faults(data, picture_format)
    elif picture_format is PictureFormat.PNG:
        closed = png_has_end(data)
        decoded = _decode_without_metadata_faults(data, picture_format)
    elif picture_format is PictureFormat.HEIC:
        closed = True
        decoded = decode_heic(data)
    else:
        data, closed = _closed_container(data, picture_format)
        decoded = decode_first(data, picture_format)
    if decoded.animated:
        notes.append(PictureNote.FIRST_OF_SEVERAL)
    if not closed:
        notes.append(PictureNote.CLOSING_BYTES_MISSING)
    return decoded, tuple(notes)


def _decode_without_metadata_faults(data: bytes, picture_format: PictureFormat) -> Decoded:
    """Decode; where that fails, once more without the parts that hold no pixels."""
    try:
        return decode_first(data, picture_format)
    except DECODER_FAULTS:
        strip = plain_jpeg if picture_format is PictureFormat.JPEG else plain_png
        return decode_first(strip(data), picture_format)


def _whole_jpeg(data: bytes) -> tuple[bytes, bool]:
    """The JPEG with its end marker, and whether it had one."""
    end = jpeg_end(data)
    if end is JpegEnd.CLOSED:
        return data, True
    if end is JpegEnd.OPEN:
        first, *others = (
            _decode_without_metadata_faults(probe, PictureFormat.JPEG).pixels
            for probe in probe_jpegs(data)
        )
        if all(np.array_equal(first, other) for other in others):
            return closed_jpeg(data), False
    raise OSError("truncated")  # told like a decoder's own finding


def _closed_container(data: bytes, picture_format: PictureFormat) -> tuple[bytes, bool]:
    """A GIF or WebP with its closing byte, and whether it had one; others as they are."""
    if picture_format is PictureFormat.GIF and not data.rstrip(b"\x00").endswith(b";"):
        return data + b";", False
    if picture_format is PictureFormat.WEBP and _riff_length(data) > len(data):
        if _riff_length(data) > len(data) + 1:
            raise OSError("truncated")  # told like a decoder's own finding
        return data + b"\x00", False
    return data, True


def _riff_length(data: bytes) -> int:
    return int.from_bytes(data[4:8], "little") + 8
