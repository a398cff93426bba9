from dataclasses import replace

from pytestqt.qtbot import QtBot

from app.widgets.evidence_strip import EvidenceStrip
from app.widgets.look import Look
from app.window.evidence import bar, show_evidence
from core.domain.decision import FrameEvidence, Score
from core.domain.quality import QualityIssue
from tests.app.window.test_decision_card import ACCEPTED
from tests.fakes.analyses import MODEL


def frame(score: float | None, *, matched: bool) -> FrameEvidence:
    value = None if score is None else Score(score, MODEL)
    issues = frozenset() if value else frozenset({QualityIssue.BLURRED})
    return FrameEvidence(0, 0.0, value, matched, 80, issues)


def test_a_score_at_the_threshold_reaches_the_line() -> None:
    assert bar(Score(0.5, MODEL), 0.5).height == 0.5
    assert bar(Score(0.5, MODEL), 0.5).matched
    below = bar(Score(0.49, MODEL), 0.5)
    assert below.height is not None
    assert below.height < 0.5
    assert not below.matched


def test_a_frame_that_was_not_compared_has_no_height() -> None:
    assert bar(None, 0.5).height is None


def test_frames_are_counted_in_words(qtbot: QtBot, look: Look) -> None:
    strip = EvidenceStrip(look)
    qtbot.addWidget(strip)
    # High enough, but too close to the runner-up: compared, and no match.
    frames = (frame(0.7, matched=True), frame(0.6, matched=False), frame(None, matched=False))
    show_evidence(strip, replace(ACCEPTED, evidence=frames))

    assert strip.accessibleDescription() == (
        "3 frames: 2 compared, 1 matched. The line is the threshold."
    )
