import threading
import time
from collections.abc import Callable, Iterator

import pytest

from app.runtime import live as live_module
from app.runtime.live import LiveView
from core.attempts.verify import STILL_RULE, VerifyAttempt
from core.capture.errors import CameraBusyError, CameraMissingError
from core.domain.frame import Frame
from core.domain.result import FrameResult, VerifyState
from core.matching.search import ReferenceMatrix
from core.pipeline import Parts
from core.ports import FrameSource
from core.vision.assess import VERIFY_LIMITS
from core.vision.track import Tracker
from tests.app.window.staging import RED, HeldCamera, PaintedFaceDetector, operating_point, painted
from tests.fakes.vision import ColourEmbedder


class Bell:
    def __init__(self) -> None:
        self._rung = threading.Semaphore(0)

    def __call__(self) -> None:
        self._rung.release()

    def until(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 4
        while not ready():
            assert self._rung.acquire(timeout=max(0.0, deadline - time.monotonic())), "in time"


class Film:
    """A finite source of painted pictures."""

    identity, live = "film", False

    def __init__(self, length: int) -> None:
        self._frames = [painted(RED, index) for index in range(length)]
        self.closed = False

    def read(self) -> Frame | None:
        return self._frames.pop(0) if self._frames and not self.closed else None

    def close(self) -> None:
        self.closed = True


class HangingCamera:
    """A driver that never returns from `read`, not even when it is closed."""

    identity, live = "hanging", True

    def __init__(self) -> None:
        self.reading = threading.Event()
        self.released = threading.Event()

    def read(self) -> Frame | None:
        self.reading.set()
        self.released.wait()
        return None

    def close(self) -> None:
        pass


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def live(bell: Bell) -> Iterator[LiveView]:
    view = LiveView(bell)
    yield view
    view.close()


def parts() -> Parts:
    return Parts(PaintedFaceDetector(), ColourEmbedder(), Tracker(), "largest", VERIFY_LIMITS)


def identify() -> VerifyAttempt:
    """An attempt over an empty gallery: it has its decision at once."""
    embedder = ColourEmbedder()
    return VerifyAttempt.identify(
        ReferenceMatrix.build([], embedder.model), operating_point(1e-2, 0.9), STILL_RULE
    )


def first_result(view: LiveView, bell: Bell) -> FrameResult:
    found: list[FrameResult] = []

    def look() -> bool:
        result = view.take()
        if result is not None:
            found.append(result)
        return bool(found)

    bell.until(look)
    return found[0]


def test_frames_come_analysed(live: LiveView, bell: Bell) -> None:
    live.start(lambda: HeldCamera(RED), parts(), None)

    result = first_result(live, bell)

    assert result.analysis.embedding is not None
    assert result.state is None
    assert live.running


def test_an_attempt_can_be_handed_over_while_running(live: LiveView, bell: Bell) -> None:
    live.start(lambda: HeldCamera(RED), parts(), None)
    first_result(live, bell)
    live.set_attempt(identify())

    def has_state() -> bool:
        result = live.take()
        return result is not None and isinstance(result.state, VerifyState)

    bell.until(has_state)


def test_stopping_returns_at_once_and_releases_the_camera(live: LiveView, bell: Bell) -> None:
    camera = HeldCamera(RED)
    live.start(lambda: camera, parts(), None)
    first_result(live, bell)

    live.stop()

    assert camera.closed
    assert not live.running
    assert live.take() is None
    assert live.close()


def test_every_frame_of_a_file_is_looked_at_before_the_end(live: LiveView, bell: Bell) -> None:
    seen: set[int] = set()
    live.start(lambda: Film(6), parts(), None)

    def ended() -> bool:
        over = live.ended
        result = live.take()
        if result is not None:
            seen.add(result.analysis.frame.index)
        return over

    bell.until(ended)

    assert seen == set(range(6))
    assert live.failure is None
    assert not live.source_is_live


def test_a_source_that_does_not_open_ends_with_its_reason(live: LiveView, bell: Bell) -> None:
    def refuse() -> FrameSource:
        raise CameraMissingError(camera="Webcam")

    live.start(refuse, parts(), None)
    bell.until(lambda: live.ended)

    assert isinstance(live.failure, CameraMissingError)


def test_a_device_is_let_go_before_it_is_opened_again(live: LiveView, bell: Bell) -> None:
    open_cameras: list[HeldCamera] = []
    overlaps: list[int] = []

    def open_exclusively() -> HeldCamera:
        overlaps.append(sum(not camera.closed for camera in open_cameras))
        open_cameras.append(HeldCamera(RED))
        return open_cameras[-1]

    for _ in range(3):
        live.start(open_exclusively, parts(), None)
        first_result(live, bell)

    assert overlaps == [0, 0, 0]


def test_a_start_that_was_given_up_opens_nothing(live: LiveView, bell: Bell) -> None:
    hanging = HangingCamera()
    live.start(lambda: hanging, parts(), None)
    assert hanging.reading.wait(3)
    opened: list[int] = []

    def open_next() -> HeldCamera:
        opened.append(1)
        return HeldCamera(RED)

    live.start(open_next, parts(), None)  # waits for the hanging one
    live.stop()
    hanging.released.set()

    assert live.close()
    assert opened == []


def test_closing_comes_back_although_a_driver_hangs(
    bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "JOIN_S", 0.2)
    hanging = HangingCamera()
    live = LiveView(bell)
    live.start(lambda: hanging, parts(), None)
    assert hanging.reading.wait(3)

    assert not live.close()  # the driver's thread is given up, and that is told
    hanging.released.set()


def test_a_failure_of_the_source_reaches_whoever_watches(live: LiveView, bell: Bell) -> None:
    camera = HeldCamera(RED)
    live.start(lambda: camera, parts(), None)
    first_result(live, bell)
    camera.end(CameraBusyError(camera="Webcam", holder=""))
    bell.until(lambda: live.ended)

    assert isinstance(live.failure, CameraBusyError)
