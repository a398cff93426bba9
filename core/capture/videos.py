"""A video file as a finite source, timed by the file and never by the wall clock."""

import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.capture.containers import is_text
from core.capture.decoding import MAX_PIXELS
from core.capture.device import CaptureDevice, DeviceClosedError, DeviceThread
from core.capture.errors import VideoUnreadableError
from core.capture.reader import usable
from core.capture.regular import read_regular, shown, why
from core.domain.frame import Frame
from core.opencv import cv2

OPEN_DEADLINE_S = 10.0  # a file on a sleeping disk or a slow share
READ_DEADLINE_S = 10.0
_CLOSE_WAIT_S = 0.5
_HEAD_BYTES = 1024
_DEFAULT_FPS = 30.0
_SANE_FPS = (1.0, 240.0)
_SANE_STEP_S = 60.0  # a longer gap between two frames is a damaged time stamp
_MILLISECONDS = 1000.0

OpenVideo = Callable[[Path], CaptureDevice]


def open_video(path: Path) -> CaptureDevice:
    """Open a video file with FFmpeg, which turns the frames by the file's rotation itself."""
    name = os.fspath(path.absolute())
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        # A name whose bytes are no UTF-8 crashes OpenCV's binding, and so do the file objects it
        # takes instead; but a file that is open also has a plain name.
        with path.open("rb") as file:
            return cv2.VideoCapture(f"file:/dev/fd/{file.fileno()}", cv2.CAP_FFMPEG)
    # "file:" keeps FFmpeg from taking a name such as "a:b.mp4" for an address.
    return cv2.VideoCapture(f"file:{name}", cv2.CAP_FFMPEG)


class VideoSource:
    """Frames of a video file in order; headers are not believed, sizes may change.

    Args:
        path: A regular file.
        open_one: Opens the file; replaced by fakes in tests.
        open_deadline_s: For opening.
        read_deadline_s: For each frame.
    """

    def __init__(
        self,
        path: Path,
        open_one: OpenVideo = open_video,
        open_deadline_s: float = OPEN_DEADLINE_S,
        read_deadline_s: float = READ_DEADLINE_S,
    ) -> None:
        self._path = path
        self._open_one = open_one
        self._open_deadline_s = open_deadline_s
        self._read_deadline_s = read_deadline_s
        self._thread: DeviceThread | None = None
        self._device: CaptureDevice | None = None
        self._closed = False
        self._frames = 0
        self._time_s = 0.0

    @property
    def identity(self) -> str:
        """The file's name."""
        return f"video {shown(self._path)}"

    @property
    def live(self) -> bool:
        """Frames are there on demand."""
        return False

    def read(self) -> Frame | None:
        """The next frame; None after the last, or once closed.

        Raises:
            VideoUnreadableError: No video, no frame in it, or a deadline passed.
        """
        if self._closed:
            return None
        try:
            pixels, time_s = self._next()
        except DeviceClosedError:
            return None
        except TimeoutError as error:
            self._drop(0.0)  # it hangs, so waiting for it is in vain
            raise self._unreadable("reading it takes too long") from error
        except (cv2.error, OSError) as error:
            self.close()
            raise self._unreadable("its bytes are damaged") from error
        if pixels is None:
            self.close()
            if self._frames == 0:
                raise self._unreadable("it holds no frame that can be decoded")
            return None
        frame = Frame(pixels=pixels, captured_at=time_s, index=self._frames)
        self._frames += 1
        return frame

    def close(self) -> None:
        """Release the file; from any thread, also while `read` waits."""
        self._drop(_CLOSE_WAIT_S)

    def _drop(self, wait_s: float) -> None:
        self._closed = True
        thread, device = self._thread, self._device
        if thread is not None:
            last = device.release if device is not None else None
            thread.close(last=last, wait_s=wait_s)

    def _next(self) -> tuple[NDArray[np.uint8] | None, float]:
        if self._thread is None:
            self._check_bytes()
            self._thread = DeviceThread(f"video {shown(self._path)}")
            if self._closed:  # from another thread, just before there was one to close
                self._drop(0.0)
            device = self._thread.call(lambda: self._open_one(self._path), self._open_deadline_s)
            self._device = device
            self._check_device(device)
        thread, device_now = self._thread, self._device
        if device_now is None:
            raise DeviceClosedError
        return thread.call(lambda: self._read_on_thread(device_now), self._read_deadline_s)

    def _read_on_thread(self, device: CaptureDevice) -> tuple[NDArray[np.uint8] | None, float]:
        ok, pixels = device.read()
        frame = usable(pixels) if ok else None
        if frame is not None:
            self._time_s = frame_time_s(
                self._frames,
                self._time_s,
                position_ms=device.get(cv2.CAP_PROP_POS_MSEC),
                fps=device.get(cv2.CAP_PROP_FPS),
            )
        return frame, self._time_s

    def _check_bytes(self) -> None:
        try:
            head = read_regular(self._path, _HEAD_BYTES)
        except OSError as error:
            raise self._unreadable(why(error)) from error
        if not head:
            raise self._unreadable("it is empty")
        # FFmpeg follows play lists to other files and to the network. They are all text.
        if is_text(head) and not head.startswith(b"YUV4MPEG2 "):
            raise self._unreadable("it is text, not a video")

    def _check_device(self, device: CaptureDevice) -> None:
        if not device.isOpened():
            self.close()
            raise self._unreadable("its bytes are no video of a known format")
        width_px = device.get(cv2.CAP_PROP_FRAME_WIDTH)
        height_px = device.get(cv2.CAP_PROP_FRAME_HEIGHT)
        if width_px * height_px > MAX_PIXELS:
            self.close()
            raise self._unreadable("its frames are too large")

    def _unreadable(self, reason: str) -> VideoUnreadableError:
        return VideoUnreadableError(path=shown(self._path), reason=reason)


def frame_time_s(index: int, previous_s: float, *, position_ms: float, fps: float) -> float:
    """The time of frame `index` in seconds from the beginning, never falling.

    The file's own position is taken where it moves forward; else one period of a believable rate
    is added to the time before.
    """
    position_s = position_ms / _MILLISECONDS
    if index == 0:
        return position_s if math.isfinite(position_s) and position_s > 0 else 0.0
    rate = fps if _SANE_FPS[0] <= fps <= _SANE_FPS[1] else _DEFAULT_FPS
    latest_s = previous_s + _SANE_STEP_S
    if math.isfinite(position_s) and previous_s < position_s <= latest_s:
        return position_s
    return previous_s + 1.0 / rate
