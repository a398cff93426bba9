"""Video files for tests, made on the spot."""

import struct
from pathlib import Path

import numpy as np

from core.opencv import cv2


def write_video(
    path: Path, count: int = 5, size: tuple[int, int] = (64, 48), fps: float = 25.0
) -> Path:
    """A motion-JPEG AVI or an MPEG-4 MP4 by `path`'s ending; frame n has grey 40 + 20 n.

    Its upper left quarter is white, so that turns show.
    """
    code = "MJPG" if path.suffix == ".avi" else "mp4v"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), fps, size)
    assert writer.isOpened()
    for number in range(count):
        frame = np.full((size[1], size[0], 3), 40 + 20 * number, np.uint8)
        frame[: size[1] // 2, : size[0] // 2] = 255
        writer.write(frame)
    writer.release()
    return path


def turn_a_quarter(path: Path) -> None:
    """Write into an MP4's track header that players turn it clockwise by 90°."""
    data = bytearray(path.read_bytes())
    matrix_at = data.index(b"tkhd") + 4 + 4 + 20 + 16
    assert struct.unpack_from(">i", data, matrix_at) == (0x10000,)
    turned = (0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    struct.pack_into(">9i", data, matrix_at, *turned)
    path.write_bytes(data)
