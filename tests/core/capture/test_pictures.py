import os
import socket
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.capture import heic, pictures
from core.capture.errors import HeicUnsupportedError, PictureTooLargeError, PictureUnreadableError
from core.capture.pictures import PictureNote, decode_picture, read_picture
from core.errors import CaptureError
from tests.core.capture.picture_bytes import (
    encoded,
    exif,
    picture,
    png_chunk,
    png_header_only,
    with_jpeg_segment,
    with_png_chunk,
)
from tests.fakes.frames import chequered_pixels

SMALL_JPEG = encoded(picture(), "JPEG", quality=90)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "GIF", "WEBP"])
def test_bytes_decide_the_format_whatever_the_name_says(kind: str, tmp_path: Path) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    path = tmp_path / "picture.txt"
    path.write_bytes(encoded(picture().quantize(32).convert("RGB"), kind, **options))

    read = read_picture(path)

    assert read.frame.pixels.shape == (128, 160, 3)
    assert read.notes == ()
    expected = np.asarray(picture().quantize(32).convert("RGB"))[..., ::-1]
    assert np.array_equal(read.frame.pixels, expected)


@pytest.mark.parametrize(
    "name",
    [
        b"-rf.png",
        b"--help.png",
        "😀[1]*?.png".encode() if os.name != "nt" else b"[1].png",
        "Ünïcödé Ångström.png".encode(),
        b"n" * 240 + b".png",
    ],
)
def test_a_strange_name_is_only_a_name(name: bytes, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(encoded(picture(), "PNG"))

    assert read_picture(path).frame.width_px == 160


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no names that are not text")
def test_a_name_that_is_not_utf8_is_read_and_can_be_printed_in_an_error(tmp_path: Path) -> None:
    good, bad = (tmp_path / os.fsdecode(name) for name in (b"a\xff.png", b"b\xfe.png"))
    good.write_bytes(encoded(picture(), "PNG"))
    bad.write_bytes(b"nothing")

    assert read_picture(good).frame.width_px == 160
    with pytest.raises(PictureUnreadableError) as caught:
        read_picture(bad)
    assert caught.value.sentence.encode("utf-8")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"This is no picture at all.\n" * 20, "no picture of a known format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "no picture of a known format"),
        (bytes(1000), "no picture of a known format"),
        (b"\x89PNG\r\n\x1a\n" + b"junk" * 50, "damaged"),
        (b"GIF89a" + b"\xff" * 40, "cannot be read"),
        (b"II*\0" + b"\xff" * 60, "damaged"),
        (b"BM\0\0\0\0\0\0\0\0" + b"\xff" * 60, "cannot be read"),
    ],
)
def test_what_is_no_picture_gets_one_sentence(data: bytes, words: str) -> None:
    with pytest.raises(PictureUnreadableError) as caught:
        decode_picture(data, "holiday.jpg")

    assert caught.value.code == "picture.unreadable"
    assert caught.value.exit_code == 2
    assert "holiday.jpg" in caught.value.sentence
    assert words in caught.value.sentence
    assert "\n" not in caught.value.sentence


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "PPM"])
def test_bytes_flipped_anywhere_never_raise_anything_else(kind: str) -> None:
    data = encoded(picture(64, 48), kind)
    rng = np.random.default_rng(7)

    for _ in range(25):
        damaged = bytearray(data)
        for at in rng.integers(0, len(damaged), 6):
            damaged[at] = int(rng.integers(0, 256))
        try:
            decode_picture(bytes(damaged), "damaged")
        except CaptureError as error:
            assert error.code in ("picture.unreadable", "picture.too_large")  # noqa: PT017


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "PPM"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_picture_is_refused(kind: str, share: float) -> None:
    data = encoded(picture(), kind)

    with pytest.raises(PictureUnreadableError) as caught:
        decode_picture(data[: int(share * len(data))], "half")

    assert caught.value.code == "picture.unreadable"


def test_a_truncated_progressive_jpeg_is_refused() -> None:
    data = encoded(picture(), "JPEG", progressive=True)

    with pytest.raises(PictureUnreadableError, match="cut off"):
        decode_picture(data[: int(0.9 * len(data))], "half")


@pytest.mark.parametrize(
    ("kind", "options", "missing"),
    [
        ("JPEG", {}, 1),
        ("JPEG", {}, 2),
        ("JPEG", {"progressive": True}, 2),
        ("PNG", {}, 4),
        ("PNG", {}, 12),
        ("GIF", {}, 1),
    ],
)
def test_a_picture_that_lacks_only_its_closing_bytes_is_used_and_it_is_said(
    kind: str, options: dict[str, object], missing: int
) -> None:
    data = encoded(picture(), kind, **options)

    read = decode_picture(data[:-missing], "nearly whole")

    assert read.notes == (PictureNote.CLOSING_BYTES_MISSING,)
    assert np.array_equal(read.frame.pixels, decode_picture(data, "whole").frame.pixels)


def test_a_jpeg_whose_end_was_filled_with_zeros_is_told_from_a_whole_one() -> None:
    cut = SMALL_JPEG[: len(SMALL_JPEG) // 2] + bytes(1000)

    with pytest.raises(PictureUnreadableError, match="cut off"):
        decode_picture(cut, "download")


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_the_first_picture_of_an_animation_is_used_and_it_is_said(kind: str) -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)

    read = decode_picture(data, "moving")

    assert read.notes == (PictureNote.FIRST_OF_SEVERAL,)
    blue, green, red = read.frame.pixels[15, 20].tolist()
    assert red > 240
    assert max(blue, green) < 20


def test_an_animation_cut_after_its_first_picture_is_used() -> None:
    frames = [Image.fromarray(chequered_pixels(80, 64, seed)) for seed in (1, 2, 3)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])

    read = decode_picture(data[: int(0.9 * len(data))], "moving")

    assert read.frame.pixels.shape == (64, 80, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_exif_orientation_is_applied_once(orientation: int) -> None:
    upright = picture()
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright

    for kind in ("PNG", "TIFF"):
        data = encoded(stored, kind, exif=exif(orientation))
        read = decode_picture(data, "turned")
        assert np.array_equal(read.frame.pixels, np.asarray(upright)[..., ::-1])


@pytest.mark.parametrize(
    "body",
    [
        b"Exif\0\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40,
        b"Exif\0\0" + b"garbage" * 100,
        b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><broken",
    ],
)
def test_damaged_exif_in_a_jpeg_never_costs_the_picture(body: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read = decode_picture(with_jpeg_segment(SMALL_JPEG, 0xE1, body), "camera.jpg")

    assert np.array_equal(read.frame.pixels, decode_picture(SMALL_JPEG, "plain").frame.pixels)


@pytest.mark.parametrize(
    "segment",
    [
        (0xE2, b"ICC_PROFILE\0\x01\x05" + b"\0" * 20),
        (0xE2, b"MPF\0II*\0\xff\xff\xff\xff"),
        (0xE2, b"MPF\0" + b"\xff" * 60),
        (0xED, b"Photoshop 3.0\x008BIM\x04\x04\xff\xff\xff\xff\xff"),
        (0xFE, b"\xff" * 30),
    ],
)
def test_a_damaged_profile_or_comment_in_a_jpeg_never_costs_the_picture(
    segment: tuple[int, bytes],
) -> None:
    read = decode_picture(with_jpeg_segment(SMALL_JPEG, *segment), "camera.jpg")

    assert np.array_equal(read.frame.pixels, decode_picture(SMALL_JPEG, "plain").frame.pixels)


@pytest.mark.parametrize(
    "chunk",
    [
        png_chunk(b"tEXt", b"Comment\0hello", checksum=1),
        png_chunk(b"zTXt", b"Comment\0\0not zlib at all"),
        png_chunk(b"iCCP", b"profile\0\0not zlib at all"),
        png_chunk(b"iTXt", b"x"),
        png_chunk(b"pHYs", b"\0"),
        png_chunk(b"gAMA", b""),
        png_chunk(b"eXIf", b"II*\0\xff\xff\xff\xff"),
        png_chunk(b"acTL", b"\0\0"),
    ],
)
def test_a_damaged_ancillary_chunk_never_costs_a_png(chunk: bytes) -> None:
    whole = encoded(picture(), "PNG")

    read = decode_picture(with_png_chunk(whole, chunk), "picture.png")

    assert np.array_equal(read.frame.pixels, np.asarray(picture())[..., ::-1])


def test_a_text_chunk_that_unpacks_to_more_than_is_allowed_never_costs_a_png() -> None:
    bomb = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(5_000_000)))

    read = decode_picture(with_png_chunk(encoded(picture(), "PNG"), bomb), "picture.png")

    assert read.frame.width_px == 160


def test_one_pixel_is_a_picture() -> None:
    assert decode_picture(encoded(Image.new("RGB", (1, 1), "red"), "PNG"), "1").frame.width_px == 1


@pytest.mark.parametrize("size", [(12_000, 9_000), (60_000, 60_000)])
def test_a_bomb_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PictureTooLargeError) as caught:
            decode_picture(png_header_only(*size), "bomb.png")

    assert caught.value.code == "picture.too_large"
    assert "100 megapixels" in caught.value.sentence


@pytest.mark.slow
def test_fifty_megapixels_are_read() -> None:
    data = encoded(Image.new("L", (8660, 5780), 90), "JPEG")

    frame = decode_picture(data, "large.jpg").frame

    assert (frame.width_px, frame.height_px) == (8660, 5780)


def test_too_many_bytes_are_refused_by_size_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sparse.jpg"
    with path.open("wb") as file:
        file.truncate(pictures.MAX_BYTES + 1)

    with pytest.raises(PictureTooLargeError, match="512 MB"):
        read_picture(path)

    monkeypatch.setattr(pictures, "MAX_BYTES", 10)
    with pytest.raises(PictureTooLargeError):
        decode_picture(b"x" * 11, "memory")


def test_a_folder_a_missing_file_and_an_impossible_name_are_refused(tmp_path: Path) -> None:
    cases = {
        tmp_path: "it is a folder",
        tmp_path / "missing.jpg": "file",
        tmp_path / "zero\0byte.jpg": "no such file",
    }
    for path, words in cases.items():
        with pytest.raises(PictureUnreadableError, match=words):
            read_picture(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_without_waiting_for_its_other_end(tmp_path: Path) -> None:
    path = tmp_path / "pipe.jpg"
    os.mkfifo(path)

    with pytest.raises(PictureUnreadableError, match="not a regular file"):
        read_picture(path)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no such devices")
def test_a_device_is_refused() -> None:
    with pytest.raises(PictureUnreadableError, match="not a regular file"):
        read_picture(Path("/dev/zero"))


def test_heic_without_the_extra_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> object:
        raise ImportError

    monkeypatch.setattr(heic.importlib, "import_module", missing)

    with pytest.raises(HeicUnsupportedError) as caught:
        decode_picture(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(50), "IMG_0001.HEIC")

    assert caught.value.code == "picture.heic"
    assert "pocketface[heif]" in caught.value.sentence
