import socket
import threading
from collections.abc import Iterator

import pytest

from core.capture.errors import StreamUnreachableError
from core.capture.reader import Patience
from core.capture.stream import StreamSource, is_address, redact
from tests.fakes.frames import FakeDevice, FakeDriver, Hang, plain_pixels

CALM = Patience(open_s=5.0, read_s=5.0, return_s=5.0, retry_s=0.001)
QUICK = Patience(open_s=0.2, read_s=0.05, return_s=0.05, retry_s=0.001)
SECRET = "rtsp://admin:s3cret@camera.example:554/live"


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    for thread in threading.enumerate():
        if thread.name == "stream":
            thread.join(15.0)
            assert not thread.is_alive()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (SECRET, "rtsp://camera.example:554/live"),
        ("rtsp://host/live", "rtsp://host/live"),
        ("rtsp://a:p@ss@host/live", "rtsp://host/live"),
        ("rtsp://a:pa/ss@host/live", "rtsp://host/live"),
        ("rtsp://a:pa?ss@host/live", "rtsp://host/live"),
        ("http://host/video?token=s3cret#x", "http://host/video?…"),
        ("http://host/video#s3cret", "http://host/video?…"),
        ("camera", "camera"),
    ],
)
def test_no_secret_is_left_in_a_shown_address(address: str, expected: str) -> None:
    assert redact(address) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rtsp://host/x", True),
        ("RTSP://host", True),
        ("https://host/x.m3u8", True),
        ("file:///etc/passwd", False),
        ("concat://a", False),
        ("rtsp://", False),
        ("rtsp:/host", False),
        ("0", False),
    ],
)
def test_only_camera_protocols_are_addresses(text: str, expected: bool) -> None:
    assert is_address(text) is expected


def test_frames_arrive_and_the_password_is_in_no_identity() -> None:
    driver = FakeDriver(FakeDevice([plain_pixels(1), plain_pixels(2)]))
    source = StreamSource(SECRET, driver.open_one, CALM)

    values = [int(frame.pixels[0, 0, 0]) for _ in range(2) if (frame := source.read())]
    source.close()

    assert values == [1, 2]
    assert driver.openings == [SECRET]
    assert source.live
    assert "s3cret" not in source.identity
    assert "camera.example" in source.identity


def test_an_interrupted_stream_is_opened_again() -> None:
    driver = FakeDriver(
        FakeDevice([plain_pixels(1)]), FakeDevice(opened=False), FakeDevice([plain_pixels(2)])
    )
    source = StreamSource(SECRET, driver.open_one, CALM)

    values = [int(frame.pixels[0, 0, 0]) for _ in range(2) if (frame := source.read())]
    source.close()

    assert values == [1, 2]


@pytest.mark.parametrize("device", [FakeDevice(opened=False), FakeDevice([None])])
def test_a_stream_without_a_picture_is_unreachable_and_no_error_holds_the_password(
    device: FakeDevice,
) -> None:
    source = StreamSource(SECRET, FakeDriver(device).open_one, CALM)

    with pytest.raises(StreamUnreachableError) as caught:
        source.read()

    assert caught.value.code == "stream.unreachable"
    assert "camera.example" in caught.value.sentence
    assert "s3cret" not in f"{caught.value.sentence}{caught.value.facts}{caught.value!r}"
    assert device.released
    source.close()


def test_a_stream_that_hangs_at_opening_ends_at_the_deadline() -> None:
    hang = Hang()
    source = StreamSource(SECRET, FakeDriver(hang).open_one, QUICK)

    with pytest.raises(StreamUnreachableError):
        source.read()

    source.close()
    hang.let_go()


def test_an_address_that_refuses_is_unreachable() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    source = StreamSource(f"rtsp://admin:s3cret@127.0.0.1:{port}/live")

    with pytest.raises(StreamUnreachableError) as caught:
        source.read()

    assert f"127.0.0.1:{port}" in caught.value.sentence
    assert "s3cret" not in caught.value.sentence
    source.close()


def test_a_server_that_never_answers_is_given_up_at_the_deadline() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        source = StreamSource(f"rtsp://127.0.0.1:{silent.getsockname()[1]}/x", patience=QUICK)

        with pytest.raises(StreamUnreachableError) as caught:
            source.read()

        source.close()
    assert caught.value.facts["deadline_s"] == QUICK.open_s
