import numpy as np

from core.attempts.enrol import EnrolAttempt, pictures_rule
from core.attempts.loop import VisionLoop
from core.capture.mailbox import Mailbox
from core.domain.frame import Frame
from core.domain.result import EnrolEnd, EnrolState, FrameResult
from core.pipeline import Parts
from core.vision.assess import VERIFY_LIMITS
from core.vision.track import Tracker
from tests.fakes.analyses import make_face
from tests.fakes.vision import ColourEmbedder, ScriptedDetector


def noisy_frame(index: int = 0) -> Frame:
    rng = np.random.default_rng(1)
    pixels = rng.integers(68, 188, (480, 640, 3)).astype(np.uint8)
    return Frame(pixels, captured_at=index / 30, index=index)


class Bench:
    """A vision loop whose mailboxes the test fills and empties by hand."""

    def __init__(self) -> None:
        self.frames: Mailbox[Frame] = Mailbox()
        self.results: Mailbox[FrameResult] = Mailbox()
        self.woken = 0
        face = make_face(x=250, y=150, side=200)
        parts = Parts(
            ScriptedDetector([face]), ColourEmbedder(), Tracker(), "largest", VERIFY_LIMITS
        )
        self.loop = VisionLoop(self.frames, self.results, parts, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    def turn(self, index: int = 0) -> FrameResult:
        self.frames.put(noisy_frame(index))
        assert self.loop.step()
        result = self.results.take(timeout=0)
        assert result is not None
        return result


def enrolment(needed: int) -> EnrolAttempt:
    return EnrolAttempt(pictures_rule(needed), source="test", same_person_threshold=0.3)


def test_each_frame_gives_a_result_and_one_wake() -> None:
    bench = Bench()

    result = bench.turn(index=7)

    assert result.analysis.frame.index == 7
    assert result.state is None
    assert bench.woken == 1


def test_an_attempt_begins_with_the_next_frame_and_can_be_taken_away() -> None:
    bench = Bench()
    bench.turn(0)

    bench.loop.set_attempt(enrolment(3))
    with_attempt = bench.turn(1).state
    bench.loop.set_attempt(None)

    assert isinstance(with_attempt, EnrolState)
    assert len(with_attempt.accepted) == 1
    assert bench.turn(2).state is None


def test_the_end_of_the_frames_ends_the_attempt_and_delivers_its_answer() -> None:
    bench = Bench()
    bench.loop.set_attempt(enrolment(3))
    bench.turn(0)
    bench.frames.close()

    assert not bench.loop.step()

    result = bench.results.take(timeout=0)
    assert result is not None
    assert isinstance(result.state, EnrolState)
    assert result.state.end is EnrolEnd.SOURCE_ENDED


def test_closing_without_a_frame_or_attempt_just_ends() -> None:
    bench = Bench()
    bench.frames.close()

    assert not bench.loop.step()
    assert bench.woken == 0
