import pytest

from core.capture.jpeg_end import JpegEnd, closed_jpeg, jpeg_end, probe_jpegs
from tests.core.capture.picture_bytes import encoded, picture, with_jpeg_segment

BASELINE = encoded(picture(), "JPEG")
PROGRESSIVE = encoded(picture(), "JPEG", progressive=True)


@pytest.mark.parametrize("data", [BASELINE, PROGRESSIVE])
def test_a_whole_file_is_closed_and_without_its_marker_it_is_open(data: bytes) -> None:
    assert jpeg_end(data) is JpegEnd.CLOSED
    assert jpeg_end(data + b"trailing bytes") is JpegEnd.CLOSED
    assert jpeg_end(data[:-1]) is JpegEnd.OPEN
    assert jpeg_end(data[:-2]) is JpegEnd.OPEN
    assert closed_jpeg(data[:-2]) == data
    assert closed_jpeg(data[:-1]) == data


def test_an_end_marker_inside_a_thumbnail_does_not_count() -> None:
    thumbnail = encoded(picture(16, 16), "JPEG")

    data = with_jpeg_segment(BASELINE[:-2], 0xE1, b"Exif\0\0" + thumbnail)

    assert jpeg_end(data) is JpegEnd.OPEN


def test_a_file_cut_in_its_headers_is_cut() -> None:
    assert jpeg_end(BASELINE[:100]) is JpegEnd.CUT
    assert jpeg_end(b"\xff\xd8") is JpegEnd.CUT


def test_a_progressive_file_that_lacks_scans_is_cut() -> None:
    last_scan = PROGRESSIVE.rindex(b"\xff\xda")

    assert jpeg_end(PROGRESSIVE[:last_scan]) is JpegEnd.CUT


def test_senseless_scan_headers_are_cut_and_raise_nothing() -> None:
    assert jpeg_end(b"\xff\xd8\xff\xc2\x00\x03\x01\xff\xda\x00\x03\x09") is JpegEnd.CUT
    assert jpeg_end(b"\xff\xd8\xff\xda\x00\x02") is JpegEnd.CUT


def test_the_probes_continue_the_data_with_either_bit() -> None:
    first, second = probe_jpegs(BASELINE[:-2])
    at = len(BASELINE) - 2

    assert (first[at] >> 7, second[at] >> 7) == (0, 1)


def test_a_stuffed_byte_at_the_end_of_the_data_is_kept() -> None:
    assert closed_jpeg(b"\xff\xd8data\xff\x00") == b"\xff\xd8data\xff\x00\xff\xd9"
    assert closed_jpeg(b"\xff\xd8data\xff") == b"\xff\xd8data\xff\xd9"
