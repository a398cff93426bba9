import struct

import pytest

from core.capture.containers import (
    PictureFormat,
    is_text,
    plain_jpeg,
    plain_png,
    png_has_end,
    sniff,
)
from tests.core.capture.picture_bytes import (
    encoded,
    picture,
    png_chunk,
    with_jpeg_segment,
    with_png_chunk,
)


@pytest.mark.parametrize(
    "kind",
    [PictureFormat.JPEG, PictureFormat.PNG, PictureFormat.GIF, PictureFormat.WEBP,
     PictureFormat.BMP, PictureFormat.TIFF, PictureFormat.PNM, PictureFormat.AVIF],
)  # fmt: skip
def test_each_format_is_told_by_its_first_bytes(kind: PictureFormat) -> None:
    assert sniff(encoded(picture(), kind.value)[:300]) is kind


@pytest.mark.parametrize(
    ("brands", "expected"),
    [
        (b"heic" + b"\0\0\0\0" + b"mif1heic", PictureFormat.HEIC),
        (b"mif1" + b"\0\0\0\0" + b"mif1heic", PictureFormat.HEIC),
        (b"mif1" + b"\0\0\0\0" + b"mif1avif", PictureFormat.AVIF),
        (b"isom" + b"\0\0\0\0" + b"isommp42", None),
    ],
)
def test_pictures_and_videos_in_one_kind_of_container_are_told_by_their_brands(
    brands: bytes, expected: PictureFormat | None
) -> None:
    head = struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands

    assert sniff(head + bytes(100)) is expected


@pytest.mark.parametrize("head", [b"", b"\xff", b"RIFF....AVI ", b"hello", bytes(300)])
def test_anything_else_is_no_picture(head: bytes) -> None:
    assert sniff(head) is None


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"#EXTM3U\nhttp://example.org/secret.ts\n", True),
        ("Grüße\n".encode(), True),
        (("ü" * 600).encode()[:1024], True),
        (b"\x00\x00\x00\x18ftypmp42", False),
        (b"\x1aE\xdf\xa3\x93B\x82\x88matroska", False),
        (b"RIFF\x10\x00\x00\x00AVI LIST", False),
        (b"", False),
    ],
)
def test_text_is_told_from_a_container(head: bytes, expected: bool) -> None:
    assert is_text(head) is expected


def test_a_plain_png_keeps_what_decides_about_pixels() -> None:
    whole = encoded(picture().quantize(16), "PNG", transparency=0)
    noisy = with_png_chunk(whole, png_chunk(b"tEXt", b"a\0b"))

    plain = plain_png(noisy)

    assert b"tEXt" not in plain
    for kind in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
        assert kind in plain


def test_the_end_of_a_png_is_seen_only_in_full() -> None:
    whole = encoded(picture(), "PNG")

    assert png_has_end(whole)
    assert png_has_end(whole + b"trailing")
    assert not png_has_end(whole[:-1])
    assert not png_has_end(whole[:-12])


def test_a_plain_jpeg_loses_metadata_and_keeps_what_says_how_colours_are_stored() -> None:
    noisy = encoded(picture().convert("CMYK"), "JPEG")
    for marker in (0xE1, 0xE2, 0xFE):
        noisy = with_jpeg_segment(noisy, marker, b"metadata")

    plain = plain_jpeg(noisy)

    assert b"metadata" not in plain
    assert b"Adobe" in plain
    assert plain[:2] == b"\xff\xd8"
    assert plain[-2:] == b"\xff\xd9"
