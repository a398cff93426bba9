"""A camera that plays a script over pictures of one subject, for demonstrations and tests."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.capture.scene import HEIGHT_PX, WIDTH_PX, Scene
from core.capture.script import view_at
from core.domain.face import Box
from core.domain.frame import Frame
from core.opencv import cv2

FRAME_RATE = 30.0
_NOISE_LEVELS = 9  # peak to peak, as of a webcam in room light; no two frames are equal

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Tick:
    """When a frame is shown: its number, and its time on the clock of the frames."""

    index: int
    at: float


Pace = Callable[[threading.Event, int], Tick]
"""Waits until frame number n or a later one is due, or until the event is set."""


def real_time() -> Pace:
    """A pace of 30 frames a second by the wall clock; frames nobody came for are dropped."""
    started: list[float] = []

    def pace(closing: threading.Event, index: int) -> Tick:
        now = time.monotonic()
        if not started:
            started.append(now)
        due = max(index, int((now - started[0]) * FRAME_RATE))
        closing.wait(max(0.0, started[0] + due / FRAME_RATE - now))
        return Tick(due, time.monotonic())

    return pace


def unpaced(_closing: threading.Event, index: int) -> Tick:
    """Every frame at once, timed as if 30 a second had come."""
    return Tick(index, index / FRAME_RATE)


class SimulatedCamera:
    """640×480 frames of a subject who moves, turns, tilts, and is badly lit at times; endless.

    The same pictures, seed and frame numbers give the same pixels.

    Args:
        pictures: Of one subject, the face in them upright. One is shown until the light goes
            down, then the next.
        faces: Where the face is in each picture, in its pixels; None assumes a portrait.
        seed: Of the noise and of the way of the head.
        pace: When frames come; None for real time.
    """

    def __init__(
        self,
        pictures: Sequence[Frame],
        *,
        faces: Sequence[Box] | None = None,
        seed: int = 0,
        pace: Pace | None = None,
    ) -> None:
        if not pictures:
            raise ValueError("a simulated camera shows at least one picture")
        where = faces if faces is not None else [None] * len(pictures)
        self._scenes = [Scene(*pair) for pair in zip(pictures, where, strict=True)]
        self._seed = seed
        noise = np.random.default_rng(seed)
        self._noise: Pixels = noise.integers(
            0, _NOISE_LEVELS, (2 * HEIGHT_PX, 2 * WIDTH_PX, 3), dtype=np.uint8
        )
        self._pace = pace if pace is not None else real_time()
        self._closing = threading.Event()
        self._next = 0

    @property
    def identity(self) -> str:
        """Says that nobody stood before it."""
        return "simulated camera"

    @property
    def live(self) -> bool:
        """Frames arrive by the wall clock."""
        return True

    def read(self) -> Frame | None:
        """The next frame that is due; None once closed."""
        tick = self._pace(self._closing, self._next)
        if self._closing.is_set():
            return None
        self._next = tick.index + 1
        view = view_at(tick.index / FRAME_RATE, self._seed)
        pixels = self._scenes[view.picture % len(self._scenes)].show(view)
        return Frame(self._with_noise(pixels, tick.index), captured_at=tick.at, index=tick.index)

    def close(self) -> None:
        """End the source; from any thread, also while `read` waits."""
        self._closing.set()

    def _with_noise(self, pixels: Pixels, index: int) -> Pixels:
        # A window of one large pattern, at another place for each frame: drawing fresh noise
        # would take longer than everything else.
        x, y = np.random.default_rng((self._seed, index)).integers((WIDTH_PX, HEIGHT_PX))
        noise = self._noise[y : y + HEIGHT_PX, x : x + WIDTH_PX]
        noisy = cv2.addWeighted(pixels, 1.0, noise, 1.0, -(_NOISE_LEVELS // 2))
        return np.asarray(noisy, dtype=np.uint8)
