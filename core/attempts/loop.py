"""The vision thread's one turn: newest frame → analysis → attempt → newest result."""

import threading
from collections.abc import Callable
from typing import Protocol

from core.capture.mailbox import Mailbox
from core.domain.frame import Frame
from core.domain.result import Analysis, EnrolState, FrameResult, VerifyState
from core.pipeline import Parts, analyse


class Attempt(Protocol):
    """A verification or an enrolment."""

    def observe(self, analysis: Analysis) -> VerifyState | EnrolState:
        """Take one frame into account."""
        ...

    def finish(self) -> VerifyState | EnrolState:
        """End: no more frames will come."""
        ...


class VisionLoop:
    """Turns frames into results until the frame mailbox is closed."""

    def __init__(
        self,
        frames: Mailbox[Frame],
        results: Mailbox[FrameResult],
        parts: Parts,
        wake: Callable[[], None],
    ) -> None:
        self._frames = frames
        self._results = results
        self._parts = parts
        self._wake = wake
        self._attempt: Attempt | None = None
        self._lock = threading.Lock()
        self._last: Analysis | None = None

    def set_attempt(self, attempt: Attempt | None) -> None:
        """Begin another attempt with the next frame, or none; callable from any thread."""
        with self._lock:
            self._attempt = attempt

    def step(self) -> bool:
        """Work on one frame; False once the frames have ended.

        At the end of a finite source the attempt is finished and its answer delivered.
        """
        frame = self._frames.take()
        with self._lock:
            attempt = self._attempt
        if frame is None:
            if attempt is not None and self._last is not None:
                self._deliver(FrameResult(self._last, attempt.finish()))
            return False
        self._last = analyse(frame, self._parts)
        state = attempt.observe(self._last) if attempt is not None else None
        self._deliver(FrameResult(self._last, state))
        return True

    def _deliver(self, result: FrameResult) -> None:
        self._results.put(result)
        self._wake()
