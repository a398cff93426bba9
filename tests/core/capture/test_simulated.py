import threading

import numpy as np
import pytest

from core.capture.script import PERIOD_S
from core.capture.simulated import SimulatedCamera, real_time, unpaced
from core.domain.frame import Frame
from core.ports import FrameSource
from tests.fakes.frames import chequered_pixels, plain_pixels

PICTURE = Frame(pixels=chequered_pixels(320, 320))


def pixels_of(camera: FrameSource) -> np.ndarray:
    frame = camera.read()
    assert frame is not None
    return frame.pixels


def test_frames_are_640_by_480_counted_and_thirty_a_second() -> None:
    camera = SimulatedCamera([PICTURE], pace=unpaced)

    frames = [frame for _ in range(4) if (frame := camera.read())]

    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert [round(frame.captured_at * 30) for frame in frames] == [0, 1, 2, 3]
    assert {frame.pixels.shape for frame in frames} == {(480, 640, 3)}
    assert camera.live
    assert camera.identity == "simulated camera"


def test_the_same_seed_gives_the_same_pixels_and_another_one_does_not() -> None:
    one, same = (SimulatedCamera([PICTURE], seed=4, pace=unpaced) for _ in range(2))
    other = SimulatedCamera([PICTURE], seed=5, pace=unpaced)

    first = pixels_of(one)

    assert np.array_equal(first, pixels_of(same))
    assert not np.array_equal(first, pixels_of(other))


def test_no_two_frames_are_equal() -> None:
    camera = SimulatedCamera([Frame(pixels=plain_pixels(128, 320, 320))], pace=unpaced)

    assert not np.array_equal(pixels_of(camera), pixels_of(camera))


def test_the_next_picture_comes_after_a_round_and_the_first_again_after_the_last() -> None:
    pictures = [Frame(pixels=plain_pixels(value, 320, 320)) for value in (60, 200)]

    def pace(_closing: threading.Event, index: int) -> object:
        # One frame a round.
        return unpaced(_closing, index if index == 0 else round(PERIOD_S * 30) * rounds.pop(0))

    rounds = [1, 2]
    camera = SimulatedCamera(pictures, pace=pace)  # type: ignore[arg-type]

    means = [round(float(pixels_of(camera).mean())) for _ in range(3)]

    assert means == [60, 200, 60]


def test_closing_ends_a_waiting_read_at_once() -> None:
    waiting = threading.Event()

    def pace(closing: threading.Event, index: int) -> object:
        waiting.set()
        closing.wait(30.0)
        return unpaced(closing, index)

    camera = SimulatedCamera([PICTURE], pace=pace)  # type: ignore[arg-type]
    results: list[object] = []
    reader = threading.Thread(target=lambda: results.append(camera.read()))
    reader.start()
    waiting.wait(5.0)

    camera.close()
    reader.join(5.0)

    assert results == [None]
    assert camera.read() is None


def test_real_time_waits_for_the_next_frame_and_drops_those_nobody_came_for() -> None:
    pace, never = real_time(), threading.Event()

    first = pace(never, 0)
    second = pace(never, 1)

    assert first.index == 0
    assert second.index >= 1
    assert second.at - first.at >= 0.03

    # Whoever comes after 0.2 s finds frame 6 or a later one due.
    never.wait(0.2)
    assert pace(never, 2).index >= 6


def test_without_a_picture_there_is_no_camera() -> None:
    with pytest.raises(ValueError, match="at least one picture"):
        SimulatedCamera([])
