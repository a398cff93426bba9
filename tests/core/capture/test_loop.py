import pytest

from core.capture.errors import CameraLostError
from core.capture.loop import CaptureLoop
from core.capture.mailbox import Mailbox
from core.domain.frame import Frame
from tests.fakes.frames import ListSource, plain_frame


class LostSource:
    identity = "lost"
    live = True

    def read(self) -> Frame | None:
        raise CameraLostError(camera="x", waited_s=1.0)

    def close(self) -> None:
        pass


def test_a_late_consumer_gets_only_the_newest_frame() -> None:
    frames: Mailbox[Frame] = Mailbox()
    loop = CaptureLoop(ListSource(plain_frame(n) for n in range(3)), frames)

    while loop.step():
        pass

    newest = frames.take(timeout=0)
    assert newest is not None
    assert newest.index == 2
    assert frames.overwritten == 2


def test_the_end_of_the_source_reaches_a_consumer_that_waits_without_limit() -> None:
    frames: Mailbox[Frame] = Mailbox()
    loop = CaptureLoop(ListSource([]), frames)

    assert not loop.step()
    assert frames.take() is None


def test_the_loop_ends_once_nobody_wants_frames_any_more() -> None:
    frames: Mailbox[Frame] = Mailbox()
    loop = CaptureLoop(ListSource([plain_frame(), plain_frame()]), frames)

    frames.close()

    assert not loop.step()


def test_a_failing_source_raises_and_leaves_nobody_waiting() -> None:
    frames: Mailbox[Frame] = Mailbox()
    loop = CaptureLoop(LostSource(), frames)

    with pytest.raises(CameraLostError):
        loop.step()

    assert frames.take() is None
