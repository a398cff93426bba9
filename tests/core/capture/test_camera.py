import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.capture.camera import OpenCvCamera, open_device
from core.capture.cameras import Opening
from core.capture.errors import CameraLostError
from core.capture.reader import Patience
from core.errors import CaptureError
from core.opencv import cv2
from tests.fakes.frames import FakeDevice, FakeDriver, Hang, a_camera, listing_of, plain_pixels

CALM = Patience(open_s=5.0, read_s=5.0, return_s=5.0, retry_s=0.001)
QUICK = Patience(open_s=0.05, read_s=0.05, return_s=0.05, retry_s=0.001)
TWO_WAYS = (Opening(1400, 0), Opening(700, 3))


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    for thread in threading.enumerate():
        if thread.name.startswith("camera "):
            thread.join(5.0)
            assert not thread.is_alive()


@pytest.fixture
def node(tmp_path: Path) -> str:
    """A file that opens, stands for /dev/videoN, and is held by nobody."""
    path = tmp_path / "video9"
    path.touch()
    return str(path)


def failure_of(camera: OpenCvCamera) -> CaptureError:
    with pytest.raises(CaptureError) as caught:
        camera.read()
    camera.close()
    return caught.value


def test_nothing_is_opened_before_the_first_read() -> None:
    driver = FakeDriver(FakeDevice([plain_pixels()]))
    info = a_camera()
    camera = OpenCvCamera(info, driver.open_one, listing_of(info), CALM)

    assert driver.openings == []
    assert camera.live
    assert info.identity in camera.identity
    camera.close()


def test_frames_arrive_and_closing_releases_the_camera() -> None:
    device = FakeDevice([plain_pixels(1), plain_pixels(2)])
    info = a_camera()
    camera = OpenCvCamera(info, FakeDriver(device).open_one, listing_of(info), CALM)

    values = [int(frame.pixels[0, 0, 0]) for _ in range(2) if (frame := camera.read())]
    camera.close()

    assert values == [1, 2]
    assert device.released


def test_the_second_way_is_tried_where_the_first_does_not_open() -> None:
    closed = FakeDevice(opened=False)
    driver = FakeDriver(closed, FakeDevice([plain_pixels()]))
    info = a_camera(openings=TWO_WAYS)
    camera = OpenCvCamera(info, driver.open_one, listing_of(info), CALM)

    assert camera.read() is not None
    assert driver.openings == list(TWO_WAYS)
    assert closed.released
    camera.close()


def test_black_and_failed_first_frames_of_a_starting_camera_are_passed_over() -> None:
    device = FakeDevice([None, plain_pixels(0), None, plain_pixels(7)])
    info = a_camera()
    camera = OpenCvCamera(info, FakeDriver(device).open_one, listing_of(info), CALM)

    frame = camera.read()

    assert frame is not None
    assert frame.pixels[0, 0, 0] == 7
    camera.close()


def test_a_dark_picture_later_on_is_a_picture() -> None:
    device = FakeDevice([plain_pixels(7), plain_pixels(0)])
    info = a_camera()
    camera = OpenCvCamera(info, FakeDriver(device).open_one, listing_of(info), CALM)

    camera.read()
    frame = camera.read()

    assert frame is not None
    assert not frame.pixels.any()
    camera.close()


def test_a_camera_that_gives_only_black_frames_names_the_shutter(node: str) -> None:
    device = FakeDevice([plain_pixels(0)] * 1000)
    info = a_camera(path=node)
    driver = FakeDriver(device)
    camera = OpenCvCamera(info, driver.open_one, listing_of(info), CALM, first_frame_s=0.05)

    error = failure_of(camera)

    if sys.platform == "linux":
        assert error.code == "camera.timeout"
        assert "shutter" in error.sentence
    else:
        assert error.code == "camera.denied"
    assert device.released


def test_a_camera_that_opens_and_never_gives_a_frame_times_out(node: str) -> None:
    driver = FakeDriver(FakeDevice([]))
    info = a_camera(path=node)
    camera = OpenCvCamera(info, driver.open_one, listing_of(info), CALM, first_frame_s=0.05)

    assert failure_of(camera).code == "camera.timeout"


def test_a_camera_that_is_not_listed_any_more_is_missing() -> None:
    camera = OpenCvCamera(a_camera(), FakeDriver().open_one, listing_of(), CALM)

    assert failure_of(camera).code == "camera.missing"


@pytest.mark.skipif(sys.platform != "linux", reason="asks /dev and /proc")
def test_a_camera_that_is_there_and_does_not_open_is_told_by_its_node(node: str) -> None:
    info = a_camera(path=node)
    camera = OpenCvCamera(info, FakeDriver().open_one, listing_of(info), CALM)

    assert failure_of(camera).code == "camera.failed"


def test_an_opening_that_hangs_ends_at_its_deadline_and_never_blocks_closing(node: str) -> None:
    hang = Hang()
    info = a_camera(path=node)
    camera = OpenCvCamera(info, FakeDriver(hang).open_one, listing_of(info), QUICK)

    error = failure_of(camera)  # closes it, while the driver still hangs

    assert error.code == "camera.timeout"
    assert error.facts["deadline_s"] == QUICK.open_s
    hang.let_go()


def test_an_unplugged_camera_is_waited_for_and_found_under_its_new_number() -> None:
    before = a_camera(openings=(Opening(200, 0),))
    after = a_camera(openings=(Opening(200, 4),), path="/dev/video4")
    listings = iter([(), (), (after,)])
    driver = FakeDriver(FakeDevice([plain_pixels(1)]), FakeDevice([plain_pixels(2)]))
    camera = OpenCvCamera(before, driver.open_one, lambda: next(listings), CALM)

    values = [int(frame.pixels[0, 0, 0]) for _ in range(2) if (frame := camera.read())]
    camera.close()

    assert values == [1, 2]
    assert driver.openings == [Opening(200, 0), Opening(200, 4)]


def test_another_camera_never_takes_the_place_of_an_unplugged_one() -> None:
    mine, other = a_camera(), a_camera("Other", 0, "AAAA:0001", "usb-9")
    driver = FakeDriver(FakeDevice([plain_pixels(1)]), FakeDevice([plain_pixels(2)]))
    camera = OpenCvCamera(mine, driver.open_one, listing_of(other), QUICK)
    camera.read()

    with pytest.raises(CameraLostError) as caught:
        camera.read()

    assert caught.value.code == "camera.lost"
    assert len(driver.openings) == 1
    camera.close()


def test_a_camera_that_is_busy_for_a_moment_after_plugging_in_comes_back(node: str) -> None:
    info = a_camera(path=node)
    driver = FakeDriver(
        FakeDevice([plain_pixels(1)]), FakeDevice(opened=False), FakeDevice([plain_pixels(2)])
    )
    camera = OpenCvCamera(info, driver.open_one, listing_of(info), CALM)

    values = [int(frame.pixels[0, 0, 0]) for _ in range(2) if (frame := camera.read())]
    camera.close()

    assert values == [1, 2]


def test_a_number_at_which_there_is_no_device_does_not_open() -> None:
    backend = cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY

    device = open_device(Opening(backend, 987))

    assert not device.isOpened()
