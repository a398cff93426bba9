import pytest

from core.capture.uvc import offers_only_grey
from tests.core.capture.usb_bytes import DEVICE, frame_based, function, mjpeg, uncompressed

COLOUR = function(0, uncompressed(b"YUY2"), mjpeg())
INFRARED = function(2, uncompressed(b"Y800"))


def test_two_functions_of_one_device_are_told_apart() -> None:
    descriptors = DEVICE + COLOUR + INFRARED

    assert not offers_only_grey(descriptors, 0)
    assert offers_only_grey(descriptors, 2)


@pytest.mark.parametrize("code", [b"Y8  ", b"GREY", b"Y16 ", b"L8_I", b"2\0\0\0"])
def test_each_spelling_of_grey_counts(code: bytes) -> None:
    assert offers_only_grey(DEVICE + function(0, uncompressed(code)), 0)
    assert offers_only_grey(DEVICE + function(0, frame_based(code)), 0)


def test_a_camera_that_offers_grey_and_colour_is_no_infrared_camera() -> None:
    assert not offers_only_grey(DEVICE + function(0, uncompressed(b"Y800"), mjpeg()), 0)


@pytest.mark.parametrize(
    "descriptors",
    [b"", b"\x00\x00", b"\xff", DEVICE, (DEVICE + INFRARED)[:-30], b"\x01\x04" * 50],
)
def test_descriptors_without_a_format_or_cut_short_say_nothing(descriptors: bytes) -> None:
    assert not offers_only_grey(descriptors, 2)
