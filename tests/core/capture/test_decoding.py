import numpy as np
import pytest
from PIL import Image

from core.capture.containers import PictureFormat
from core.capture.decoding import PixelLimitError, check_pixels, decode_first
from core.capture.errors import PictureUnreadableError
from core.capture.pictures import decode_picture
from tests.core.capture.picture_bytes import encoded, picture, png_16_bit, without_adobe_marker

RAMP_16 = np.linspace(0, 65535, 256, dtype=np.uint16).reshape(1, 256)


def grey_levels(data: bytes) -> list[int]:
    pixels = decode_picture(data, "x").frame.pixels
    assert np.array_equal(pixels[..., 0], pixels[..., 1])
    assert np.array_equal(pixels[..., 0], pixels[..., 2])
    return [int(value) for value in pixels[0, :, 0]]


def test_16_bit_grey_is_scaled_and_not_clipped() -> None:
    assert grey_levels(png_16_bit(RAMP_16, 0)) == list(range(256))


def test_16_bit_grey_tiff_and_pgm_are_scaled_alike() -> None:
    image = Image.fromarray(RAMP_16)
    pgm = b"P5 256 1 65535\n" + RAMP_16.astype(">u2").tobytes()

    assert grey_levels(encoded(image, "TIFF")) == list(range(256))
    assert grey_levels(pgm) == list(range(256))


def test_16_bit_colour_is_scaled() -> None:
    rgb = np.stack([RAMP_16, RAMP_16[:, ::-1], np.zeros_like(RAMP_16)], axis=-1)

    pixels = decode_picture(png_16_bit(rgb, 2), "x").frame.pixels

    assert abs(int(pixels[0, 200, 2]) - 200) <= 1
    assert abs(int(pixels[0, 200, 1]) - 55) <= 1
    assert pixels[0, 200, 0] == 0


def test_16_bit_alpha_is_laid_on_white() -> None:
    grey_alpha = np.zeros((1, 2, 2), dtype=np.uint16)
    grey_alpha[0, 1, 1] = 65535

    assert grey_levels(png_16_bit(grey_alpha, 4)) == [255, 0]


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_is_laid_on_white(mode: str) -> None:
    image = Image.new("RGBA", (3, 1))
    image.putpixel((0, 0), (0, 0, 0, 0))
    image.putpixel((1, 0), (0, 0, 0, 128))
    image.putpixel((2, 0), (0, 0, 0, 255))

    levels = grey_levels(encoded(image.convert(mode), "PNG"))

    assert levels[0] == 255
    assert abs(levels[1] - 127) <= 1
    assert levels[2] == 0


def test_a_transparent_colour_of_a_palette_grey_and_true_colour_png_is_white() -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 10, 10, 20, 20, 20])
    palette.putpixel((1, 0), 1)
    grey = Image.new("L", (2, 1))
    grey.putpixel((1, 0), 20)

    assert grey_levels(encoded(palette, "PNG", transparency=0)) == [255, 20]
    assert grey_levels(encoded(grey, "PNG", transparency=0)) == [255, 20]
    assert grey_levels(encoded(grey.convert("RGB"), "PNG", transparency=(0, 0, 0))) == [255, 20]


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_grey_palette_and_black_and_white_are_spread_over_three_channels(mode: str) -> None:
    image = Image.new("L", (2, 1))
    image.putpixel((1, 0), 255)

    assert grey_levels(encoded(image.convert(mode), "PNG")) == [0, 255]


def test_cmyk_looks_as_in_a_browser_with_and_without_adobes_marker() -> None:
    # Browsers take a four-colour JPEG for inverted, whether or not it says so, and multiply.
    stored = Image.new("CMYK", (16, 16), (200, 100, 50, 60))
    with_marker = encoded(stored, "JPEG", quality=100)

    expected = [(255 - c) * (255 - 60) // 255 for c in (50, 100, 200)]
    for data in (with_marker, without_adobe_marker(with_marker)):
        pixels = decode_picture(data, "cmyk.jpg").frame.pixels
        assert np.abs(pixels[8, 8].astype(int) - expected).max() <= 2


def test_pixels_are_blue_green_red() -> None:
    decoded = decode_first(
        encoded(Image.new("RGB", (2, 2), (255, 128, 0)), "PNG"), PictureFormat.PNG
    )

    assert decoded.pixels[0, 0].tolist() == [0, 128, 255]
    assert decoded.pixels.dtype == np.uint8
    assert decoded.pixels.flags.c_contiguous


@pytest.mark.parametrize("mode", ["F", "I"])
def test_pixels_without_a_known_scale_are_refused_in_words(mode: str) -> None:
    image = Image.new(mode, (4, 4), 100_000)

    with pytest.raises(PictureUnreadableError, match="its pixels"):
        decode_picture(encoded(image, "TIFF"), "depth.tif")


def test_the_pixel_limit_lies_at_100_megapixels() -> None:
    check_pixels(10_000, 10_000)
    with pytest.raises(PixelLimitError):
        check_pixels(10_000, 10_001)


def test_a_photograph_with_a_second_small_picture_is_no_animation() -> None:
    data = encoded(picture(), "MPO", save_all=True, append_images=[picture(80, 64)])

    assert not decode_first(data, PictureFormat.JPEG).animated
