from io import BytesIO

import numpy as np
import pytest

from core.capture.errors import PictureUnreadableError
from core.capture.pictures import decode_picture
from tests.core.capture.picture_bytes import exif, picture

pillow_heif = pytest.importorskip("pillow_heif", reason="the extra for HEIC is not installed")


def heic(orientation: int | None = None) -> bytes:
    image = picture(80, 64)
    buffer = BytesIO()
    options = {} if orientation is None else {"exif": exif(orientation)}
    pillow_heif.from_pillow(image).save(buffer, quality=100, chroma=444, **options)
    return buffer.getvalue()


def test_heic_is_read() -> None:
    pixels = decode_picture(heic(), "IMG_0001.HEIC").frame.pixels

    assert pixels.shape == (64, 80, 3)
    difference = np.abs(pixels[..., ::-1].astype(int) - np.asarray(picture(80, 64)).astype(int))
    assert difference.mean() < 3


def test_a_turned_heic_is_turned_once() -> None:
    pixels = decode_picture(heic(orientation=6), "IMG_0001.HEIC").frame.pixels

    assert pixels.shape == (80, 64, 3)


def test_a_truncated_heic_is_refused() -> None:
    data = heic()

    with pytest.raises(PictureUnreadableError) as caught:
        decode_picture(data[: len(data) // 2], "IMG_0001.HEIC")

    assert caught.value.code == "picture.unreadable"
