"""Encoded pictures for tests, made in memory."""

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.fakes.frames import chequered_pixels


def picture(width: int = 160, height: int = 128) -> Image.Image:
    """A colourful RGB picture without symmetry."""
    return Image.fromarray(np.ascontiguousarray(chequered_pixels(width, height)[..., ::-1]))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, body: bytes, *, checksum: int | None = None) -> bytes:
    value = zlib.crc32(kind + body) if checksum is None else checksum
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", value)


def with_png_chunk(png: bytes, chunk: bytes) -> bytes:
    """`png` with a chunk right after its header."""
    after_header = 8 + 25
    return png[:after_header] + chunk + png[after_header:]


def png_header_only(width: int, height: int) -> bytes:
    """A PNG that announces a size and holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = png_chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + data + png_chunk(b"IEND", b"")


def png_16_bit(values: NDArray[np.uint16], colour_type: int) -> bytes:
    """An uncompressed-filter 16-bit PNG; colour type 0 grey, 2 RGB, 4 grey and alpha, 6 RGBA."""
    height, width = values.shape[:2]
    rows = values.astype(">u2").reshape(height, -1)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(raw))
        + png_chunk(b"IEND", b"")
    )


def with_jpeg_segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    """`jpeg` with a segment right after its start."""
    return jpeg[:2] + bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def exif(orientation: int) -> bytes:
    data = Image.Exif()
    data[0x0112] = orientation
    return data.tobytes()


def without_adobe_marker(jpeg: bytes) -> bytes:
    at = jpeg.index(b"\xff\xee")
    length = struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
    return jpeg[:at] + jpeg[at + 2 + length :]
