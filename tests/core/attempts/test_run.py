from collections.abc import Iterable

import numpy as np
import pytest

from core.attempts.enrol import EnrolAttempt, pictures_rule
from core.attempts.run import run_enrolment, run_verification
from core.attempts.verify import AttemptRule, VerifyAttempt
from core.domain.decision import Outcome
from core.domain.frame import Frame
from core.domain.result import EnrolEnd, FrameResult
from core.errors import Cancelled
from core.matching.decide import Vote
from core.pipeline import Parts
from core.vision.assess import VERIFY_LIMITS
from core.vision.track import Tracker
from tests.fakes.analyses import POINT, make_face
from tests.fakes.vision import ColourEmbedder, ScriptedDetector


class ListSource:
    """Gives frames from memory."""

    identity = "a list"
    live = False

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._frames = iter(frames)

    def read(self) -> Frame | None:
        return next(self._frames, None)

    def close(self) -> None:
        return None


def frames(count: int) -> list[Frame]:
    pixels = np.random.default_rng(1).integers(68, 188, (480, 640, 3)).astype(np.uint8)
    return [Frame(pixels, captured_at=i / 30, index=i) for i in range(count)]


def parts() -> Parts:
    face = make_face(x=250, y=150, side=200)
    return Parts(ScriptedDetector([face]), ColourEmbedder(), Tracker(), "largest", VERIFY_LIMITS)


def stranger_to_all() -> VerifyAttempt:
    return VerifyAttempt(
        lambda _: Vote(None, None, None, matched=False),
        claim=None,
        comparisons=1,
        point=POINT,
        rule=AttemptRule(judged_limit=4),
    )


def test_a_verification_stops_at_its_decision_and_reads_no_further() -> None:
    source = ListSource(frames(20))
    seen: list[FrameResult] = []

    state = run_verification(source, parts(), stranger_to_all(), seen.append, lambda: False)

    assert state.decision is not None
    assert state.decision.outcome is Outcome.REJECTED
    assert len(seen) == 4
    assert source.read() is not None


def test_a_source_that_ends_first_ends_the_attempt() -> None:
    attempt = EnrolAttempt(pictures_rule(5), source="test", same_person_threshold=0.3)

    state = run_enrolment(ListSource(frames(2)), parts(), attempt, lambda _: None, lambda: False)

    assert state.end is EnrolEnd.SOURCE_ENDED
    assert len(state.accepted) == 2


def test_a_cancelled_run_is_no_decision() -> None:
    with pytest.raises(Cancelled):
        run_verification(
            ListSource(frames(2)), parts(), stranger_to_all(), lambda _: None, lambda: True
        )
