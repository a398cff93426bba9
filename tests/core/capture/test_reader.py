import threading

import numpy as np
import pytest

from core.capture.errors import CameraLostError, CameraTimeoutError
from core.capture.reader import LiveReader, Opened, Patience, usable
from core.errors import CaptureError
from tests.fakes.frames import FakeDevice, FakeDriver, Hang, plain_pixels

QUICK = Patience(open_s=0.05, read_s=0.05, return_s=0.1, retry_s=0.001)
CALM = Patience(open_s=5.0, read_s=5.0, return_s=5.0, retry_s=0.001)


def unopened() -> CaptureError:
    return CameraTimeoutError(camera="x", deadline_s=0.05, likely_cause="unknown.")


def lost() -> CaptureError:
    return CameraLostError(camera="x", waited_s=0.1)


def reader_on(driver: FakeDriver, patience: Patience = CALM) -> LiveReader:
    def attempt() -> Opened | None:
        device = driver.open_one("x")
        ok, pixels = device.read() if device.isOpened() else (False, None)
        first = usable(pixels) if ok else None
        return None if first is None else Opened(device, first)

    return LiveReader("reader under test", attempt, patience, unopened, lost)


def wait_for_threads_to_end() -> None:
    for thread in threading.enumerate():
        if thread.name == "reader under test":
            thread.join(5.0)


def test_frames_are_counted_and_timed_in_order() -> None:
    reader = reader_on(FakeDriver(FakeDevice([plain_pixels(n) for n in (1, 2, 3)])))

    frames = [reader.read() for _ in range(3)]
    reader.close()

    assert [int(f.pixels[0, 0, 0]) for f in frames if f] == [1, 2, 3]
    assert [f.index for f in frames if f] == [0, 1, 2]
    times = [f.captured_at for f in frames if f]
    assert times == sorted(times)


def test_sizes_may_change_mid_stream() -> None:
    reader = reader_on(FakeDriver(FakeDevice([plain_pixels(), plain_pixels(width=32, height=24)])))

    sizes = [(f.width_px, f.height_px) for _ in range(2) if (f := reader.read())]
    reader.close()

    assert sizes == [(64, 48), (32, 24)]


def test_a_lost_device_is_waited_out_and_reconnected() -> None:
    away = FakeDevice(opened=False)
    first, second = FakeDevice([plain_pixels(1)]), FakeDevice([plain_pixels(2)])
    reader = reader_on(FakeDriver(first, away, away, second))

    frames = [reader.read(), reader.read()]
    reader.close()

    assert [int(f.pixels[0, 0, 0]) for f in frames if f] == [1, 2]
    assert [f.index for f in frames if f] == [0, 1]
    assert reader.reconnects == 1
    assert first.released


def test_a_device_that_stays_away_is_lost_after_a_bounded_wait() -> None:
    reader = reader_on(FakeDriver(FakeDevice([plain_pixels()])), QUICK)
    reader.read()

    with pytest.raises(CameraLostError) as caught:
        reader.read()

    assert caught.value.code == "camera.lost"
    reader.close()


def test_a_read_that_hangs_counts_as_a_lost_device() -> None:
    hang = Hang()
    driver = FakeDriver(FakeDevice([plain_pixels(1), hang]), FakeDevice([plain_pixels(2)]))
    patience = Patience(open_s=5.0, read_s=0.05, return_s=5.0, retry_s=0.001)
    reader = reader_on(driver, patience)

    values = [int(f.pixels[0, 0, 0]) for _ in range(2) if (f := reader.read())]
    reader.close()
    hang.let_go()
    wait_for_threads_to_end()

    assert values == [1, 2]


def test_an_opening_that_hangs_is_given_up_and_its_device_released_when_it_comes() -> None:
    hang = Hang()
    late = FakeDevice([plain_pixels()])

    def attempt() -> Opened:
        hang.wait()
        return Opened(late, plain_pixels())

    reader = LiveReader("reader under test", attempt, QUICK, unopened, lost)

    with pytest.raises(CameraTimeoutError):
        reader.read()
    assert not late.released

    hang.let_go()
    wait_for_threads_to_end()
    assert late.released
    reader.close()


def test_closing_ends_a_read_that_hangs_and_releases_the_device_afterwards() -> None:
    hang = Hang()
    device = FakeDevice([plain_pixels(), hang])
    reader = reader_on(FakeDriver(device))
    reader.read()
    closer = threading.Thread(target=lambda: (hang.entered.wait(5.0), reader.close()))
    closer.start()

    assert reader.read() is None

    closer.join(5.0)
    assert not closer.is_alive()
    hang.let_go()
    wait_for_threads_to_end()
    assert device.released


def test_closing_ends_the_wait_for_a_lost_device() -> None:
    driver = FakeDriver(FakeDevice([plain_pixels()]))
    patience = Patience(open_s=5.0, read_s=5.0, return_s=60.0, retry_s=60.0)
    reader = reader_on(driver, patience)
    reader.read()
    results: list[object] = []
    waiting = threading.Thread(target=lambda: results.append(reader.read()))
    waiting.start()

    reader.close()
    waiting.join(5.0)

    assert results == [None]


def test_a_closed_reader_opens_nothing() -> None:
    driver = FakeDriver(FakeDevice([plain_pixels()]))
    reader = reader_on(driver)

    reader.close()
    reader.close()

    assert reader.read() is None
    assert driver.openings == []


def test_a_driver_that_breaks_off_while_opening_is_told_without_its_own_words() -> None:
    def attempt() -> Opened:
        raise OSError("rtsp://user:secret@host")

    reader = LiveReader("reader under test", attempt, CALM, unopened, lost)

    with pytest.raises(CameraTimeoutError) as caught:
        reader.read()

    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    reader.close()


@pytest.mark.parametrize(
    "given",
    [
        None,
        "text",
        np.zeros((0, 0, 3), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4, 2), np.uint8),
    ],
)
def test_what_is_no_picture_is_not_usable(given: object) -> None:
    assert usable(given) is None


def test_grey_frames_of_infrared_cameras_get_three_channels() -> None:
    for grey in (np.full((4, 6), 9, np.uint8), np.full((4, 6, 1), 9, np.uint8)):
        pixels = usable(grey)
        assert pixels is not None
        assert pixels.shape == (4, 6, 3)
        assert (pixels == 9).all()
