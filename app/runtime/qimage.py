"""Frames and crops as Qt pictures, without copying a pixel."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from core.domain.face import AlignedFace
from core.domain.frame import Frame


def frame_image(frame: Frame) -> QImage:
    """The frame's own memory as a QImage; it may be painted from, never into."""
    return _wrap(frame.pixels)


def crop_image(face: AlignedFace) -> QImage:
    """An aligned face, 112×112, likewise; usable on any thread."""
    return _wrap(np.ascontiguousarray(face.pixels))


def _wrap(pixels_bgr: NDArray[np.uint8]) -> QImage:
    height, width, channels = pixels_bgr.shape
    # OpenCV's colour order is a format of Qt's. PySide6 keeps the buffer alive as long as any
    # copy of the QImage shares it.
    return QImage(pixels_bgr.data, width, height, channels * width, QImage.Format.Format_BGR888)
