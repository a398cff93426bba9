import gc

import numpy as np
from PySide6.QtGui import QColor

from app.runtime.qimage import crop_image, frame_image
from core.domain.face import AlignedFace
from core.domain.frame import Frame


def test_colours_are_those_of_the_frame() -> None:
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[1, 2] = (10, 20, 30)  # blue, green, red

    image = frame_image(Frame(pixels))

    assert (image.width(), image.height()) == (6, 4)
    assert image.pixelColor(2, 1) == QColor(30, 20, 10)


def test_no_pixel_is_copied() -> None:
    frame = Frame(np.zeros((480, 640, 3), np.uint8))

    image = frame_image(frame)

    address = frame.pixels.__array_interface__["data"][0]
    assert np.frombuffer(image.constBits(), np.uint8).__array_interface__["data"][0] == address


def test_the_picture_outlives_its_frame() -> None:
    image = frame_image(Frame(np.full((480, 640, 3), 77, np.uint8)))
    gc.collect()
    filler = [np.zeros((480, 640, 3), np.uint8) for _ in range(8)]

    assert image.pixelColor(639, 479) == QColor(77, 77, 77)
    assert len(filler) == 8


def test_a_crop_is_shown_in_its_own_size() -> None:
    crop = AlignedFace(np.full((112, 112, 3), 9, np.uint8), np.eye(2, 3))

    image = crop_image(crop)

    assert (image.width(), image.height()) == (112, 112)
    assert image.pixelColor(5, 5) == QColor(9, 9, 9)
