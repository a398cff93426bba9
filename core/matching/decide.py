"""From scores to what one frame says, and which threshold that is measured against."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.decision import Score
from core.domain.operating_point import OperatingPoint
from core.domain.template import SubjectId
from core.errors import UsageError
from core.matching.search import SubjectScore


@dataclass(frozen=True, slots=True)
class Vote:
    """What one frame says.

    Attributes:
        subject: The claimed subject, or the most similar one when identifying.
        score: That subject's score; None if there is nobody to compare with.
        runner_up: The next subject's score when identifying.
        matched: Whether the frame speaks for `subject`.
        too_close: The score would have matched, but the runner-up is within the margin.
    """

    subject: SubjectId | None
    score: Score | None
    runner_up: Score | None
    matched: bool
    too_close: bool = False


def choose_point(points: Sequence[OperatingPoint], target_fmr: float) -> OperatingPoint:
    """The loosest operating point whose target FMR is not above the wanted one.

    Raises:
        UsageError: The model has no point that strict, because its trials cannot carry one.
    """
    fitting = [point for point in points if point.target_fmr <= target_fmr * (1 + 1e-9)]
    if not fitting:
        strictest = min((point.target_fmr for point in points), default=None)
        known = "has no measured operating points"
        if strictest is not None:
            known = f"is measured down to an FMR of {strictest:g} only"
        raise UsageError(reason=f"This model {known}, so {target_fmr:g} cannot be kept")
    return max(fitting, key=lambda point: point.target_fmr)


def judge_claim(scores: Sequence[SubjectScore], claim: SubjectId, point: OperatingPoint) -> Vote:
    """What a frame says about a claimed identity. A score equal to the threshold matches."""
    for entry in scores:
        if entry.subject_id == claim:
            matched = entry.score.value >= point.threshold
            return Vote(claim, entry.score, runner_up=None, matched=matched)
    return Vote(claim, score=None, runner_up=None, matched=False)


def judge_open(scores: Sequence[SubjectScore], point: OperatingPoint, margin: float) -> Vote:
    """What a frame says about who this is, the answer "nobody known" included.

    Args:
        scores: Highest first.
        margin: The best subject must be at least this much more similar than the next.
    """
    if not scores:
        return Vote(subject=None, score=None, runner_up=None, matched=False)
    best = scores[0]
    runner_up = scores[1].score if len(scores) > 1 else None
    above = best.score.value >= point.threshold
    too_close = above and runner_up is not None and best.score.value - runner_up.value < margin
    return Vote(best.subject_id, best.score, runner_up, above and not too_close, too_close)
