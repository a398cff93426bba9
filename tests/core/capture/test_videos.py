import math
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from core.capture.device import CaptureDevice
from core.capture.errors import VideoUnreadableError
from core.capture.videos import VideoSource, frame_time_s
from core.domain.frame import Frame
from core.opencv import cv2
from tests.core.capture.video_files import turn_a_quarter, write_video
from tests.fakes.frames import FakeDevice, Hang, plain_pixels

POSITION, FPS = cv2.CAP_PROP_POS_MSEC, cv2.CAP_PROP_FPS


def drain(source: VideoSource) -> list[Frame]:
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    return frames


@pytest.mark.parametrize("ending", ["avi", "mp4"])
def test_a_video_is_read_to_its_end_by_its_own_time(ending: str, tmp_path: Path) -> None:
    path = write_video(tmp_path / f"clip.{ending}", count=5, fps=25.0)
    source = VideoSource(path)

    frames = drain(source)

    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert [round(frame.captured_at, 3) for frame in frames] == [0.0, 0.04, 0.08, 0.12, 0.16]
    greys = [int(frame.pixels[40, 50, 0]) for frame in frames]
    assert all(abs(grey - (40 + 20 * n)) <= 6 for n, grey in enumerate(greys))
    assert not source.live
    assert source.identity == f"video clip.{ending}"


def test_rotation_is_applied_once(tmp_path: Path) -> None:
    path = write_video(tmp_path / "phone.mp4", count=1)
    turn_a_quarter(path)

    (frame,) = drain(VideoSource(path))

    assert (frame.width_px, frame.height_px) == (48, 64)
    # The white quarter was upper left; clockwise by 90° it is upper right.
    assert frame.pixels[5, 40, 0] > 240
    assert frame.pixels[5, 5, 0] < 60


@pytest.mark.parametrize(
    "name", ["-i.mp4", "😀 [1] %03d.mp4", "http:.mp4", "a:b.mp4", "Ünïcödé'\".mp4"]
)
@pytest.mark.skipif(os.name == "nt", reason="Windows forbids some of these names")
def test_a_strange_name_is_only_a_name(name: str, tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4", count=2).rename(tmp_path / name)

    assert len(drain(VideoSource(tmp_path / name))) == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no names that are not text")
def test_a_name_that_is_not_utf8_is_played_too(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"clip \xff.mp4")
    write_video(tmp_path / "clip.mp4", count=2).rename(path)

    assert len(drain(VideoSource(path))) == 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"just text\n" * 100, "text"),
        (b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:1/secret.ts\n", "text"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "text"),
        (bytes(5000), "no video of a known format"),
    ],
)
def test_what_is_no_video_gets_one_sentence(data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(data)

    with pytest.raises(VideoUnreadableError) as caught:
        VideoSource(path).read()

    assert caught.value.code == "video.unreadable"
    assert caught.value.exit_code == 2
    assert words in caught.value.sentence


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_without_waiting_for_its_other_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "clip.mp4")

    with pytest.raises(VideoUnreadableError, match="not a regular file"):
        VideoSource(tmp_path / "clip.mp4").read()


def test_a_video_cut_off_plays_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.avi", count=5)
    data = path.read_bytes()
    third, fourth = [match.start() for match in re.finditer(b"00dc", data)][2:4]
    path.write_bytes(data[: (third + fourth) // 2])

    assert 1 <= len(drain(VideoSource(path))) <= 3


@pytest.fixture
def some_file(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"\x00\x00\x00\x18ftypmp42")
    return path


def opener(device: CaptureDevice) -> Callable[[Path], CaptureDevice]:
    return lambda _path: device


def test_headers_are_not_believed(some_file: Path) -> None:
    lies = {cv2.CAP_PROP_FRAME_COUNT: 1.0, FPS: 90_000.0, POSITION: math.nan}
    device = FakeDevice([plain_pixels(n) for n in range(1, 4)], properties=lies)

    frames = drain(VideoSource(some_file, opener(device)))

    assert len(frames) == 3
    assert [round(frame.captured_at * 30) for frame in frames] == [0, 1, 2]
    assert device.released


def test_sizes_may_change_mid_stream(some_file: Path) -> None:
    device = FakeDevice([plain_pixels(), plain_pixels(width=32, height=16)])

    frames = drain(VideoSource(some_file, opener(device)))

    assert [(frame.width_px, frame.height_px) for frame in frames] == [(64, 48), (32, 16)]


def test_a_video_without_a_single_frame_is_unreadable(some_file: Path) -> None:
    with pytest.raises(VideoUnreadableError, match="no frame"):
        VideoSource(some_file, opener(FakeDevice())).read()


def test_frames_announced_too_large_are_refused_before_decoding(some_file: Path) -> None:
    size = {cv2.CAP_PROP_FRAME_WIDTH: 16_000.0, cv2.CAP_PROP_FRAME_HEIGHT: 16_000.0}
    device = FakeDevice([plain_pixels()], properties=size)

    with pytest.raises(VideoUnreadableError, match="too large"):
        VideoSource(some_file, opener(device)).read()

    assert len(device.reads) == 1


def test_a_read_that_hangs_ends_at_its_deadline(some_file: Path) -> None:
    hang = Hang()
    device = FakeDevice([plain_pixels(), hang])
    source = VideoSource(some_file, opener(device), read_deadline_s=0.05)
    source.read()

    with pytest.raises(VideoUnreadableError, match="too long"):
        source.read()

    hang.let_go()
    join_device_threads()
    assert device.released


def test_an_opening_that_hangs_ends_at_its_deadline(some_file: Path) -> None:
    hang = Hang()

    def open_slowly(_path: Path) -> CaptureDevice:
        hang.wait()
        return FakeDevice()

    with pytest.raises(VideoUnreadableError, match="too long"):
        VideoSource(some_file, open_slowly, open_deadline_s=0.05).read()

    hang.let_go()
    join_device_threads()


def test_closing_ends_a_read_that_hangs(some_file: Path) -> None:
    hang = Hang()
    source = VideoSource(some_file, opener(FakeDevice([hang])))
    closer = threading.Thread(target=lambda: (hang.entered.wait(5.0), source.close()))
    closer.start()

    assert source.read() is None

    closer.join(5.0)
    hang.let_go()
    join_device_threads()
    assert source.read() is None


def join_device_threads() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("video "):
            thread.join(5.0)


@pytest.mark.parametrize(
    ("position_ms", "fps", "expected"),
    [
        (1040.0, 25.0, 1.04),
        (1000.0, 25.0, 1.04),  # stands still
        (0.0, 25.0, 1.04),  # falls back
        (-5.0, 25.0, 1.04),
        (math.nan, 25.0, 1.04),
        (math.inf, 25.0, 1.04),
        (1e12, 25.0, 1.04),  # jumps by years
        (0.0, 0.0, 1 + 1 / 30),
        (0.0, math.nan, 1 + 1 / 30),
        (0.0, 90_000.0, 1 + 1 / 30),
    ],
)
def test_a_senseless_time_or_rate_is_replaced(
    position_ms: float, fps: float, expected: float
) -> None:
    found = frame_time_s(7, 1.0, position_ms=position_ms, fps=fps)

    assert found == pytest.approx(expected)


@pytest.mark.parametrize(("position_ms", "expected"), [(0, 0), (40, 0.04), (-3, 0), (math.nan, 0)])
def test_the_first_frame_begins_at_its_own_time(position_ms: float, expected: float) -> None:
    assert frame_time_s(0, 0.0, position_ms=position_ms, fps=25.0) == pytest.approx(expected)
