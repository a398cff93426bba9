"""A decision in words: headline, explanation, how often a stranger would score this high."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.present.guidance import reason_sentence, remedy
from core.domain.decision import Decision, Outcome, Reason, Score
from core.domain.operating_point import OperatingPoint
from core.domain.template import SubjectId
from core.matching.rates import StatedRate, stated_rate

THRESHOLD_POSITION = 0.5  # share of the meter: the threshold is always its middle
NAMELESS = "somebody who is no longer enrolled"  # deleted while the attempt ran

# More advice than this is not read; the issues come most frequent first.
_MOST_ADVICE = 3


class Tone(StrEnum):
    """How a verdict is coloured; the words say the same without the colour."""

    GOOD = "good"
    BAD = "bad"
    CAUTION = "caution"


_TONES = {
    Outcome.ACCEPTED: Tone.GOOD,
    Outcome.REJECTED: Tone.BAD,
    Outcome.INCONCLUSIVE: Tone.CAUTION,
}


_NAMELESS_HEADLINES = {
    Outcome.ACCEPTED: "Accepted",
    Outcome.REJECTED: "Not accepted",
    Outcome.INCONCLUSIVE: "No decision",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision for people. Names appear as they are: whoever shows them escapes them.

    Attributes:
        headline: The answer itself, without a full stop.
        explanation: Why, in one to three sentences.
        rate: How often a stranger would score this high; None where nothing was accepted, or
            where the model's measurements support no statement.
        advice: What to do next, most important first.
    """

    headline: str
    explanation: str
    rate: str | None
    advice: tuple[str, ...]
    tone: Tone


def describe(
    decision: Decision, names: Mapping[SubjectId, str], points: Sequence[OperatingPoint]
) -> Verdict:
    """Put a decision in words.

    Args:
        decision: What the attempt ended with.
        names: Of the enrolled subjects.
        points: All operating points of the model in use.
    """
    accepted = decision.outcome is Outcome.ACCEPTED
    rate = None
    if accepted and decision.score is not None:
        stated = stated_rate(decision.score.value, points, decision.comparisons)
        rate = None if stated is None else rate_sentence(stated, decision.comparisons)
    return Verdict(
        headline=_headline(decision, names),
        explanation=" ".join(_explanations(decision, names)),
        rate=rate,
        advice=() if accepted else _advice(decision),
        tone=_TONES[decision.outcome],
    )


def describe_without_names(decision: Decision) -> Verdict:
    """Put a decision in words that tell neither who it is about nor how close it was."""
    whole = describe(decision, {}, ())
    return Verdict(
        headline=_NAMELESS_HEADLINES[decision.outcome],
        explanation="",
        rate=None,
        advice=whole.advice if decision.outcome is Outcome.INCONCLUSIVE else (),
        tone=whole.tone,
    )


def describe_comparison(
    score: Score | None, point: OperatingPoint, points: Sequence[OperatingPoint]
) -> Verdict:
    """Put a single comparison of two pictures in words.

    Args:
        score: None where one of the two could not be used.
        point: The threshold in use.
        points: All operating points of the model in use.
    """
    if score is None:
        return Verdict(
            "No decision", "At least one of the pictures cannot be used.", None, (), Tone.CAUTION
        )
    matched = score.value >= point.threshold
    stated = stated_rate(score.value, points, comparisons=1) if matched else None
    return Verdict(
        headline=f"The two faces {'match' if matched else 'do not match'}",
        explanation=f"The score is {score_text(score.value)}; {score_text(point.threshold)} is "
        "needed.",
        rate=None if stated is None else rate_sentence(stated, comparisons=1),
        advice=(),
        tone=Tone.GOOD if matched else Tone.BAD,
    )


def rate_sentence(rate: StatedRate, comparisons: int) -> str:
    """How often a stranger would score this high, with its 95 % interval.

    Args:
        rate: What the trials support.
        comparisons: References the face was compared with; above one the rate is a bound.
    """
    bound = rate.beyond or comparisons > 1
    amount = "at most about" if bound else "about"
    against = f" against one of {comparisons} enrolled pictures" if comparisons > 1 else ""
    return (
        f"On this model's measurements {amount} 1 stranger in {rate.one_in:,} would score this "
        f"high{against} (95 %: 1 in {rate.one_in_low:,} to 1 in {rate.one_in_high:,})."
    )


def score_text(score: float) -> str:
    """A score or threshold for people: scores of strict models differ in the third decimal."""
    return f"{score:.3f}"


def score_position(score: float, threshold: float) -> float:
    """Where a score lies on a meter whose middle is the threshold.

    Args:
        score: Cosine similarity, −1 to 1.
        threshold: Cosine similarity, −1 to 1.

    Returns:
        0 to 1, at least THRESHOLD_POSITION exactly if the score matches.
    """
    if score >= threshold:
        room = 1.0 - threshold
        above = 0.0 if room <= 0 else min(1.0, (score - threshold) / room)
        return THRESHOLD_POSITION + (1.0 - THRESHOLD_POSITION) * above
    # Strangers score around 0, so the left half begins there and not at −1.
    lowest = 0.0 if threshold > 0 else -1.0
    share = (score - lowest) / (threshold - lowest)
    # Just below the threshold must stay visibly on its left, whatever the rounding.
    return min(max(0.0, share) * THRESHOLD_POSITION, THRESHOLD_POSITION - 1e-3)


def _headline(decision: Decision, names: Mapping[SubjectId, str]) -> str:
    if decision.outcome is Outcome.INCONCLUSIVE:
        return "No decision"
    accepted = decision.outcome is Outcome.ACCEPTED
    if decision.claim is not None:
        return f"{'Verified' if accepted else 'Not verified'} as {_name(decision.claim, names)}"
    if accepted and decision.subject is not None:
        return f"This is {_name(decision.subject, names)}"
    return "Unknown person"


def _explanations(decision: Decision, names: Mapping[SubjectId, str]) -> list[str]:
    sentences = [
        reason_sentence(reason) for reason in decision.reasons if reason is not Reason.FRAMES_AGREED
    ]
    if decision.needed > 1 and decision.outcome is Outcome.ACCEPTED:
        sentences.append(f"{decision.agreeing} of {decision.needed} needed frames agreed.")
    if decision.score is not None:
        sentences.append(_score_sentence(decision, names))
    if decision.faces_in_view > 1:
        sentences.append(
            f"{decision.faces_in_view} faces were in view; only one of them was decided about."
            if decision.score is not None
            else f"{decision.faces_in_view} faces were in view."
        )
    return sentences


def _score_sentence(decision: Decision, names: Mapping[SubjectId, str]) -> str:
    assert decision.score is not None
    which = "lowest" if decision.outcome is Outcome.ACCEPTED else "highest"
    score = f"The {which} score" if len(decision.evidence) > 1 else "The score"
    whose = ""
    undecided_whose = decision.claim is None and decision.outcome is not Outcome.ACCEPTED
    if undecided_whose and decision.subject is not None:
        whose = f" for {_name(decision.subject, names)}, the most similar,"
    return (
        f"{score}{whose} was {score_text(decision.score.value)}; "
        f"{score_text(decision.point.threshold)} is needed."
    )


def _advice(decision: Decision) -> tuple[str, ...]:
    return tuple(remedy(issue) for issue in decision.issues[:_MOST_ADVICE])


def _name(subject: SubjectId, names: Mapping[SubjectId, str]) -> str:
    return names.get(subject, NAMELESS)
