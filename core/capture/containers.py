"""What a file is, told by its bytes, and PNG and JPEG without their metadata."""

import re
import struct
from enum import Enum

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_MAX_BRANDS_BYTES = 256  # an ftyp box holds a few brands of 4 bytes; more is no honest file
_TEXT_PROBE_BYTES = 512

# PNG chunks that decide about pixels; everything else may be damaged without harm to them.
_PNG_PIXEL_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
# JPEG segments that decide about pixels are all but APP1–APP13, APP15 and COM: APP0 (JFIF) and
# APP14 (Adobe) say which colours the components are.
_JPEG_METADATA = frozenset({*range(0xE1, 0xEE), 0xEF, 0xFE})
_SOS = 0xDA
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_SEGMENT_HEAD_BYTES = 4  # FF, marker, two bytes of length


class PictureFormat(Enum):
    """Formats that are read; the value is Pillow's name for it."""

    JPEG = "JPEG"
    PNG = "PNG"
    GIF = "GIF"
    WEBP = "WEBP"
    BMP = "BMP"
    TIFF = "TIFF"
    PNM = "PPM"
    AVIF = "AVIF"
    HEIC = "HEIF"


_SIGNATURES: tuple[tuple[re.Pattern[bytes], PictureFormat], ...] = (
    (re.compile(rb"\xff\xd8\xff"), PictureFormat.JPEG),
    (re.compile(re.escape(_PNG_SIGNATURE)), PictureFormat.PNG),
    (re.compile(rb"GIF8[79]a"), PictureFormat.GIF),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), PictureFormat.WEBP),
    (re.compile(rb"BM....\x00\x00\x00\x00", re.DOTALL), PictureFormat.BMP),
    (re.compile(rb"II[*+]\x00|MM\x00[*+]"), PictureFormat.TIFF),
    (re.compile(rb"P[1-6]\s"), PictureFormat.PNM),
)


def sniff(head: bytes) -> PictureFormat | None:
    """The picture format that the first bytes of a file announce; None for anything else.

    Args:
        head: At least the first 300 bytes, or the whole of a shorter file.
    """
    for signature, picture_format in _SIGNATURES:
        if signature.match(head):
            return picture_format
    return _sniff_iso_media(head)


def _sniff_iso_media(head: bytes) -> PictureFormat | None:
    if head[4:8] != b"ftyp":
        return None
    length = min(int.from_bytes(head[:4], "big"), _MAX_BRANDS_BYTES)
    brands = {head[at : at + 4] for at in (8, *range(16, length, 4))}
    if brands & _AVIF_BRANDS:
        return PictureFormat.AVIF
    return PictureFormat.HEIC if brands & _HEIC_BRANDS else None


def is_text(head: bytes) -> bool:
    """Whether a file begins like text: no byte below the tab, and valid UTF-8 as far as seen."""
    probe = head[:_TEXT_PROBE_BYTES]
    if not probe or any(byte < 0x09 or 0x0E <= byte < 0x1B for byte in probe):  # noqa: PLR2004 - control characters that no text holds
        return False
    # Up to three bytes of a character may be cut off by the end of the probe.
    tail = 3 if len(head) > len(probe) else 0
    for cut in range(tail + 1):
        try:
            probe[: len(probe) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return True
    return False


def plain_png(data: bytes) -> bytes:
    """The PNG without its ancillary chunks, transparency excepted; checksums made good.

    Used where a damaged text, profile or EXIF chunk would cost the picture.
    """
    kept = [_PNG_SIGNATURE]
    for kind, body in _png_chunks(data):
        if kind in _PNG_PIXEL_CHUNKS:
            kept.append(body)
    return b"".join(kept)


def png_has_end(data: bytes) -> bool:
    """Whether the closing chunk is there in full."""
    return any(kind == b"IEND" and len(body) == 12 for kind, body in _png_chunks(data))  # noqa: PLR2004 - length, name, checksum


def _png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """(name, whole chunk) in order; the last may be cut short."""
    chunks = []
    at = len(_PNG_SIGNATURE)
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 12 + length
        chunks.append((data[at + 4 : at + 8], data[at:end]))
        at = end
    return chunks


def plain_jpeg(data: bytes) -> bytes:
    """The JPEG without comments and application segments, those about colour excepted.

    Used where damaged EXIF or a damaged profile would cost the picture.
    """
    kept = [data[:2]]
    at = 2
    while at + _SEGMENT_HEAD_BYTES <= len(data) and data[at] == 0xFF:  # noqa: PLR2004 - marker prefix
        marker = data[at + 1]
        if marker == 0xFF:  # noqa: PLR2004 - fill byte
            at += 1
            continue
        if marker == _SOS:
            break
        end = (
            at + 2 + (0 if marker in _STANDALONE else int.from_bytes(data[at + 2 : at + 4], "big"))
        )
        if marker not in _JPEG_METADATA:
            kept.append(data[at:end])
        at = end
    kept.append(data[at:])
    return b"".join(kept)
