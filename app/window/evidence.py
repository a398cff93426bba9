"""Frames of an attempt as bars against the threshold."""

from dataclasses import replace

from app.present.verdict import THRESHOLD_POSITION, score_position
from app.widgets.evidence_strip import Bar, EvidenceStrip
from core.domain.decision import Decision, Score


def bar(score: Score | None, threshold: float) -> Bar:
    """A frame as a bar; one without a score was not compared."""
    if score is None:
        return Bar(None, matched=False)
    return Bar(score_position(score.value, threshold), matched=score.value >= threshold)


def show_evidence(strip: EvidenceStrip, decision: Decision) -> None:
    """Show what every frame of a decision said."""
    threshold = decision.point.threshold
    bars = [
        replace(bar(entry.score, threshold), matched=entry.matched) for entry in decision.evidence
    ]
    compared = sum(bar.height is not None for bar in bars)
    matched = sum(bar.matched for bar in bars)
    frames = "1 frame" if len(bars) == 1 else f"{len(bars)} frames"
    words = f"{frames}: {compared} compared, {matched} matched. The line is the threshold."
    strip.show_bars(bars, THRESHOLD_POSITION, words)
