"""Which pixel formats a USB camera offers, read from its descriptors without opening it.

Source: USB Device Class Definition for Video Devices 1.5, sections 3.9.2 and 3.11; payload
specifications for the format descriptors.
"""

from collections.abc import Iterator

_INTERFACE = 0x04
_ASSOCIATION = 0x0B
_CLASS_SPECIFIC = 0x24
_VIDEO_CLASS = 0x0E
_STREAMING = 0x02
# Sub-types of class-specific streaming descriptors that announce a format.
_UNCOMPRESSED = 0x04
_MJPEG = 0x06
_FRAME_BASED = 0x10
_CODE_AT = 5  # the format's GUID begins with its four-character code

# Grey formats of infrared sensors: Y8, Y10, Y12 and Y16 in their spellings, and the two codes that
# Windows cameras use for 8-bit infrared and luminance.
_GREY_CODES = frozenset(
    {b"Y800", b"Y8  ", b"GREY", b"Y10 ", b"Y10B", b"Y12 ", b"Y16 ", b"L8_I", b"2\0\0\0", b"Q\0\0\0"}
)


def offers_only_grey(descriptors: bytes, control_interface: int) -> bool:
    """Whether every format of one camera function is grey, as an infrared sensor's are.

    Args:
        descriptors: The device's raw descriptors, as Linux keeps them in sysfs.
        control_interface: Number of the function's video-control interface. One device may hold
            a colour and an infrared camera.
    """
    codes = tuple(_format_codes(descriptors, control_interface))
    return bool(codes) and all(code in _GREY_CODES for code in codes)


def _format_codes(descriptors: bytes, control_interface: int) -> Iterator[bytes]:
    members: range = range(0)
    streaming = False
    for kind, body in _walk(descriptors):
        if kind == _ASSOCIATION and len(body) > 3:  # noqa: PLR2004 - first interface, count
            group = range(body[2], body[2] + body[3])
            members = group if control_interface in group else members
        elif kind == _INTERFACE and len(body) > 6:  # noqa: PLR2004 - number … class, sub-class
            video = body[5] == _VIDEO_CLASS and body[6] == _STREAMING
            streaming = video and body[2] in members
        elif streaming and kind == _CLASS_SPECIFIC and len(body) > _CODE_AT:
            yield from _format_code(body)


def _format_code(body: bytes) -> Iterator[bytes]:
    if body[2] in (_UNCOMPRESSED, _FRAME_BASED):
        yield body[_CODE_AT : _CODE_AT + 4]
    elif body[2] == _MJPEG:
        yield b"MJPG"


def _walk(descriptors: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, whole descriptor) in order, stopping at the first of impossible length."""
    at = 0
    while at + 2 <= len(descriptors):
        length = descriptors[at]
        if length < 2 or at + length > len(descriptors):  # noqa: PLR2004 - length and type
            return
        yield descriptors[at + 1], descriptors[at : at + length]
        at += length
