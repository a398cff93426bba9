"""Reading from a live device: deadlines, loss, reconnecting, and closing at any time."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.capture.device import CaptureDevice, DeviceClosedError, DeviceThread
from core.domain.frame import Frame
from core.errors import CaptureError
from core.opencv import cv2

log = logging.getLogger(__name__)

_CLOSE_WAIT_S = 0.5  # a driver that has not let go by then is left to its daemon thread

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a device may take.

    Attributes:
        open_s: For opening, the first frame included.
        read_s: For each later frame.
        return_s: For coming back after it was lost.
        retry_s: Between two attempts at reopening.
    """

    open_s: float
    read_s: float
    return_s: float
    retry_s: float = 0.5  # udev and Media Foundation need about this long to show a device again


@dataclass(frozen=True, slots=True)
class Opened:
    """A device that has proved itself by its first frame."""

    device: CaptureDevice
    first: Pixels


class LiveReader:
    """Frames of a device that may hang, vanish and come back.

    Used by one thread, except `close`, which any thread may call and which ends a waiting read.

    Args:
        name: Of the device thread, for debuggers.
        attempt: Opens the device and reads its first frame; runs on the device thread. Returns
            None where the device is not there (again) yet. May raise CaptureError.
        unopened: The error for an opening that breaks off or outlasts `patience.open_s`.
        lost: The error for a device that stays away longer than `patience.return_s`.
    """

    def __init__(
        self,
        name: str,
        attempt: Callable[[], Opened | None],
        patience: Patience,
        unopened: Callable[[], CaptureError],
        lost: Callable[[], CaptureError],
    ) -> None:
        self._name = name
        self._attempt = attempt
        self._patience = patience
        self._unopened = unopened
        self._lost = lost
        self._closing = threading.Event()
        self._swap = threading.Lock()
        self._thread: DeviceThread | None = None
        self._device: CaptureDevice | None = None
        self._frames = 0
        self.reconnects = 0

    def read(self) -> Frame | None:
        """The next frame, waiting for a lost device to come back; None once closed.

        Raises:
            CaptureError: It did not open, or did not come back in time.
        """
        try:
            pixels = self._next_pixels()
        except DeviceClosedError:
            return None
        frame = Frame(pixels=pixels, captured_at=time.monotonic(), index=self._frames)
        self._frames += 1
        return frame

    def close(self) -> None:
        """Let go of the device; returns within half a second even if its driver hangs."""
        self._closing.set()
        self._drop(wait_s=_CLOSE_WAIT_S)

    def _next_pixels(self) -> Pixels:
        if self._closing.is_set():
            raise DeviceClosedError
        if self._device is None:
            opened = self._open()
            if opened is None:
                raise self._lost()
            return opened
        pixels = self._read_once()
        return pixels if pixels is not None else self._wait_for_return()

    def _open(self) -> Pixels | None:
        """Open on a fresh thread; None where the device is not there."""
        thread = DeviceThread(self._name)
        with self._swap:
            self._thread = thread
        if self._closing.is_set():
            self._drop()
            raise DeviceClosedError
        try:
            opened = thread.call(self._opening(thread), self._patience.open_s)
        except TimeoutError as error:
            self._drop()
            raise self._unopened() from error
        except CaptureError:
            self._drop()
            raise
        except (cv2.error, OSError):
            self._drop()
            raise self._unopened() from None  # its text may hold an address with its password
        if opened is None:
            self._drop()
            return None
        return opened.first

    def _opening(self, thread: DeviceThread) -> Callable[[], Opened | None]:
        def run() -> Opened | None:
            opened = self._attempt()
            if opened is None:
                return None
            with self._swap:
                # The caller may have given up, or closed, while the driver was busy.
                wanted = self._thread is thread
                if wanted:
                    self._device = opened.device
            if not wanted:
                opened.device.release()
            return opened

        return run

    def _read_once(self) -> Pixels | None:
        """One frame, or None where the device failed or took too long."""
        with self._swap:
            thread, device = self._thread, self._device
        if thread is None or device is None:
            raise DeviceClosedError
        try:
            ok, pixels = thread.call(device.read, self._patience.read_s)
        except (TimeoutError, cv2.error, OSError):
            return None
        return usable(pixels) if ok else None

    def _wait_for_return(self) -> Pixels:
        log.info("%s stopped delivering; waiting for it", self._name)
        self._drop()
        until = time.monotonic() + self._patience.return_s
        while not self._closing.wait(self._patience.retry_s):
            pixels = self._try_again()
            if pixels is not None:
                self.reconnects += 1
                log.info("%s is back", self._name)
                return pixels
            if time.monotonic() >= until:
                raise self._lost()
        raise DeviceClosedError

    def _try_again(self) -> Pixels | None:
        # While it comes back a device may well be missing, busy or slow for a moment.
        try:
            return self._open()
        except CaptureError as error:
            log.debug("%s: not back yet (%s)", self._name, type(error).__name__)
            return None

    def _drop(self, wait_s: float = 0.0) -> None:
        with self._swap:
            thread, device = self._thread, self._device
            self._thread = self._device = None
        if thread is not None:
            thread.close(last=device.release if device is not None else None, wait_s=wait_s)


def usable(pixels: object) -> Pixels | None:
    """What a device gave as uint8 (H, W, 3) BGR, not copied; None where there is no picture.

    Grey frames (infrared cameras) are spread over three channels; a frame without area is none.
    """
    if not isinstance(pixels, np.ndarray) or pixels.size == 0 or pixels.dtype != np.uint8:
        return None
    if pixels.ndim == 2 or pixels.shape[2] == 1:  # noqa: PLR2004 - rows and columns only
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    if pixels.shape[2] != 3:  # noqa: PLR2004 - neither grey nor colour
        return None
    return np.ascontiguousarray(pixels)
