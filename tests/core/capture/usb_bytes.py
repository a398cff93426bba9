"""USB descriptors of cameras for tests."""


def _descriptor(*body: int) -> bytes:
    return bytes((len(body) + 1, *body))


def association(first: int, count: int) -> bytes:
    return _descriptor(0x0B, first, count, 0x0E, 0x03, 0x00, 0x00)


def interface(number: int, sub_class: int) -> bytes:
    return _descriptor(0x04, number, 0x00, 0x01, 0x0E, sub_class, 0x00, 0x00)


def uncompressed(code: bytes) -> bytes:
    guid = code + b"\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
    return _descriptor(0x24, 0x04, 1, 1, *guid, 16, 1, 0, 0, 0, 0)


def frame_based(code: bytes) -> bytes:
    guid = code + b"\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
    return _descriptor(0x24, 0x10, 1, 1, *guid, 16, 1, 0, 0, 0, 0, 0)


def mjpeg() -> bytes:
    return _descriptor(0x24, 0x06, 2, 1, 1, 1, 0, 0, 0, 0)


def function(first_interface: int, *formats: bytes) -> bytes:
    """One camera function: its control interface, and a streaming one with these formats."""
    return b"".join(
        (
            association(first_interface, 2),
            interface(first_interface, 0x01),
            interface(first_interface + 1, 0x02),
            *formats,
        )
    )


DEVICE = _descriptor(0x01, *([0] * 16)) + _descriptor(0x02, *([0] * 7))
