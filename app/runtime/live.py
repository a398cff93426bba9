"""The live view's two threads: a camera that fills a mailbox and a vision loop that empties it."""

import logging
import threading
import time
from collections.abc import Callable

from app.runtime.threads import LoopThread
from core.attempts.loop import Attempt, VisionLoop
from core.capture.loop import CaptureLoop
from core.capture.mailbox import Mailbox
from core.capture.sources import passed_over
from core.domain.frame import Frame
from core.domain.result import FrameResult
from core.pipeline import Parts
from core.ports import FrameSource

log = logging.getLogger(__name__)

# A driver may block in `read`; a source promises to let go within 0.6 s of `close`, and opening
# has a deadline of its own, which a new start should rather wait out than find the device busy.
JOIN_S = 4.0  # for all threads together; the window promises to close within six seconds
PREDECESSOR_S = 6.0
LOOK_S = 0.1  # how soon a start that waits for its predecessor sees that it was given up
# Frames of a file are shown no faster than this: a folder of pictures can be followed by eye.
FINITE_GAP_S = 1 / 30


class _Run:
    """One source from its opening to its end."""

    def __init__(
        self,
        open_source: Callable[[], FrameSource],
        parts: Parts,
        attempt: Attempt | None,
        predecessor: threading.Event | None,
        wake: Callable[[], None],
    ) -> None:
        self.frames: Mailbox[Frame] = Mailbox()
        self.results: Mailbox[FrameResult] = Mailbox()
        self.released = threading.Event()
        self.live = True
        self.vision_loop = VisionLoop(self.frames, self.results, parts, wake)
        self.vision_loop.set_attempt(attempt)
        self._open_source = open_source
        self._predecessor = predecessor
        self._source: FrameSource | None = None
        self._capture: CaptureLoop | None = None
        self.camera = LoopThread("camera", self._camera_step, self._camera_finish, wake)
        self.vision = LoopThread("vision", self._vision_step, self._vision_finish, wake)
        self._stopping = threading.Event()
        self._room = threading.Event()
        self._room.set()

    @property
    def source(self) -> FrameSource | None:
        """Once it is open."""
        return self._source

    def start(self) -> None:
        self.vision.start()
        self.camera.start()

    def stop(self) -> None:
        """Ask both threads to end; returns at once."""
        self._stopping.set()
        self._room.set()
        self.camera.stop()
        self.vision.stop()
        self.frames.close()
        source = self._source
        if source is not None:
            source.close()  # wakes a read that hangs

    def join(self, deadline: float) -> bool:
        """Wait for both threads until a moment of `time.monotonic`; whether both have ended."""
        vision_ended = self.vision.join(max(0.0, deadline - time.monotonic()))
        camera_ended = self.camera.join(max(0.0, deadline - time.monotonic()))
        self.results.close()
        if not (camera_ended and vision_ended):
            log.error("camera ended: %s, vision ended: %s", camera_ended, vision_ended)
        return camera_ended and vision_ended

    def _camera_step(self) -> bool:
        if self._capture is None:
            return self._open()
        if not self.live:
            # A file has no clock of its own: each frame waits until the one before is done with.
            self._room.wait()
            self._room.clear()
        return not self._stopping.is_set() and self._capture.step()

    def _open(self) -> bool:
        self._wait_for_predecessor()
        if self._stopping.is_set():
            return False
        source = self._source = self._open_source()
        self.live = source.live
        self._capture = CaptureLoop(source, self.frames)
        return True

    def _wait_for_predecessor(self) -> None:
        """A device that is still open cannot be opened again."""
        deadline = time.monotonic() + PREDECESSOR_S
        while self._predecessor is not None and not self._stopping.is_set():
            if self._predecessor.wait(LOOK_S) or time.monotonic() >= deadline:
                return

    def _camera_finish(self) -> None:
        try:
            if self._source is not None:
                self._source.close()
        finally:
            self.frames.close()
            self.released.set()

    def _vision_step(self) -> bool:
        going_on = self.vision_loop.step()
        if not self.live:
            self._stopping.wait(FINITE_GAP_S)
        self._room.set()
        return going_on

    def _vision_finish(self) -> None:
        # Nobody takes frames any more, so reading on would be for nothing.
        self.frames.close()
        self._room.set()


class LiveView:
    """Starts and stops the camera and vision threads in order; used on the UI thread."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """Begin with nothing running.

        Args:
            wake: Called from the threads when there is a result or an end to look at.
        """
        self._wake = wake
        self._run: _Run | None = None
        self._retiring: list[_Run] = []

    @property
    def running(self) -> bool:
        """Whether a source is open, or being opened."""
        return self._run is not None

    @property
    def source_is_live(self) -> bool:
        """Whether the frames come from a camera or a stream; True until it is known."""
        return self._run is None or self._run.live

    @property
    def ended(self) -> bool:
        """Whether the running source has come to its end, or failed, and all is looked at."""
        return self._run is not None and self._run.camera.ended and self._run.vision.ended

    @property
    def passed_over(self) -> str:
        """A sentence on files of a folder that are no picture; empty where there is none."""
        source = None if self._run is None else self._run.source
        return "" if source is None else passed_over(source)

    @property
    def failure(self) -> Exception | None:
        """What ended the running source, if it did not end by itself."""
        if self._run is None:
            return None
        return self._run.camera.failure or self._run.vision.failure

    def start(
        self, open_source: Callable[[], FrameSource], parts: Parts, attempt: Attempt | None
    ) -> None:
        """Open a source on the camera thread and analyse its frames, ending what ran before."""
        self.stop()
        predecessor = self._retiring[-1].released if self._retiring else None
        self._run = _Run(open_source, parts, attempt, predecessor, self._wake)
        self._run.start()

    def set_attempt(self, attempt: Attempt | None) -> None:
        """Give the frames that follow to another attempt."""
        if self._run is not None:
            self._run.vision_loop.set_attempt(attempt)

    def take(self) -> FrameResult | None:
        """The newest result that has not been taken."""
        return self._run.results.take(timeout=0) if self._run is not None else None

    def stop(self) -> None:
        """Let the threads end; returns at once. Harmless when nothing runs."""
        if self._run is not None:
            self._run.stop()
            self._retiring.append(self._run)
            self._run = None
        self._retiring = [
            run for run in self._retiring if not run.camera.ended or not run.vision.ended
        ]

    def close(self) -> bool:
        """Stop and wait for every thread; whether all of them ended in time."""
        self.stop()
        deadline = time.monotonic() + JOIN_S
        ended = [run.join(deadline) for run in self._retiring]
        self._retiring.clear()
        return all(ended)
