"""What a person reads about a decision."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.present.guidance import remedy
from app.present.verdict import (
    NAMELESS,
    THRESHOLD_POSITION,
    Tone,
    describe,
    describe_comparison,
    describe_without_names,
    score_position,
    score_text,
)
from core.domain.decision import Decision, Outcome, Reason, Score
from core.domain.operating_point import OperatingPoint
from core.domain.quality import QualityIssue
from core.domain.template import ModelId, SubjectId

ANNA = SubjectId("a")
NAMES = {ANNA: "Anna"}
MODEL = ModelId("m")


def point(target: float, threshold: float, non_mated: int) -> OperatingPoint:
    return OperatingPoint(
        target_fmr=target,
        threshold=threshold,
        false_matches=round(target * non_mated),
        non_mated=non_mated,
        fmr_low=target * 0.7,
        fmr_high=target * 1.4,
        false_non_matches=5,
        mated=1000,
        measured_on="trials",
    )


POINTS = (point(1e-2, 0.3, 100_000), point(1e-3, 0.4, 100_000), point(1e-4, 0.5, 100_000))


def decision(**changes: object) -> Decision:
    accepted = Decision(
        outcome=Outcome.ACCEPTED,
        claim=ANNA,
        subject=ANNA,
        score=Score(0.45, MODEL),
        runner_up=None,
        point=POINTS[1],
        comparisons=1,
        reasons=(Reason.FRAMES_AGREED,),
        issues=(),
        evidence=(),
        agreeing=1,
        needed=1,
        faces_in_view=1,
        elapsed_s=0.0,
    )
    return replace(accepted, **changes)


REJECTED = {
    "outcome": Outcome.REJECTED,
    "score": Score(0.1, MODEL),
    "agreeing": 0,
    "reasons": (Reason.BELOW_THRESHOLD,),
}


def test_an_accepted_claim_names_the_subject_and_the_strangers_rate() -> None:
    verdict = describe(decision(), NAMES, POINTS)
    assert verdict.headline == "Verified as Anna"
    assert verdict.tone is Tone.GOOD
    assert verdict.rate is not None
    assert "about 1 stranger in 1,000 would score this high" in verdict.rate
    assert "95 %" in verdict.rate
    assert verdict.advice == ()


def test_the_rate_is_never_finer_than_the_strictest_point_measured() -> None:
    verdict = describe(decision(score=Score(0.99, MODEL)), NAMES, POINTS)
    assert verdict.rate is not None
    assert "at most about 1 stranger in 10,000" in verdict.rate


def test_more_references_make_the_statement_weaker() -> None:
    verdict = describe(decision(comparisons=5), NAMES, POINTS)
    assert verdict.rate is not None
    assert "at most about 1 stranger in 200 would score" in verdict.rate
    assert "one of 5 enrolled pictures" in verdict.rate


def test_no_rate_is_stated_where_the_bound_says_nothing() -> None:
    assert describe(decision(comparisons=2000), NAMES, POINTS).rate is None


def test_no_sentence_speaks_in_percentages_but_for_the_level_of_the_interval() -> None:
    verdict = describe(decision(), NAMES, POINTS)
    words = " ".join((verdict.headline, verdict.explanation, verdict.rate or ""))
    assert words.replace("95 %", "").count("%") == 0


def test_a_refused_claim_says_score_and_threshold_and_no_rate() -> None:
    verdict = describe(decision(**REJECTED), NAMES, POINTS)
    assert verdict.headline == "Not verified as Anna"
    assert verdict.tone is Tone.BAD
    assert verdict.rate is None
    assert "0.100" in verdict.explanation
    assert "0.400 is needed" in verdict.explanation


def test_identification_names_the_person_or_says_unknown() -> None:
    assert describe(decision(claim=None), NAMES, POINTS).headline == "This is Anna"
    refused = decision(**{**REJECTED, "claim": None, "reasons": (Reason.NOBODY_SIMILAR,)})
    verdict = describe(refused, NAMES, POINTS)
    assert verdict.headline == "Unknown person"
    assert "for Anna, the most similar," in verdict.explanation


def test_no_decision_comes_with_the_remedies_most_frequent_first() -> None:
    undecided = decision(
        outcome=Outcome.INCONCLUSIVE,
        score=None,
        agreeing=0,
        reasons=(Reason.POOR_QUALITY,),
        issues=(QualityIssue.TOO_DARK, QualityIssue.BLURRED),
    )
    verdict = describe(undecided, NAMES, POINTS)
    assert verdict.headline == "No decision"
    assert verdict.tone is Tone.CAUTION
    assert verdict.advice == (remedy(QualityIssue.TOO_DARK), remedy(QualityIssue.BLURRED))


def test_several_faces_are_told_on_a_yes_too() -> None:
    assert "2 faces were in view" in describe(decision(faces_in_view=2), NAMES, POINTS).explanation


def test_a_subject_deleted_meanwhile_still_gets_a_sentence() -> None:
    assert NAMELESS in describe(decision(), {}, POINTS).headline


def test_agreeing_frames_are_counted_for_a_live_acceptance() -> None:
    verdict = describe(decision(agreeing=3, needed=3), NAMES, POINTS)
    assert "3 of 3" in verdict.explanation


@given(score=st.floats(-1, 1), threshold=st.floats(-1, 1))
def test_the_meter_shows_a_match_on_the_right_half_only(score: float, threshold: float) -> None:
    position = score_position(score, threshold)
    assert 0 <= position <= 1
    assert (position >= THRESHOLD_POSITION) == (score >= threshold)


@pytest.mark.parametrize(("score", "position"), [(0.0, 0.0), (0.2, 0.25), (0.4, 0.5), (1.0, 1.0)])
def test_the_meter_is_linear_on_either_side(score: float, position: float) -> None:
    assert score_position(score, 0.4) == pytest.approx(position)


@pytest.mark.parametrize(
    ("score", "tone", "rated"),
    [(0.4, Tone.GOOD, True), (0.39, Tone.BAD, False), (None, Tone.CAUTION, False)],
)
def test_two_pictures_match_do_not_or_cannot_be_compared(score, tone, rated) -> None:
    compared = None if score is None else Score(score, MODEL)
    verdict = describe_comparison(compared, POINTS[1], POINTS)
    assert verdict.tone is tone
    assert (verdict.rate is not None) is rated


def test_scores_that_differ_by_little_read_differently() -> None:
    assert score_text(0.9304) != score_text(0.9316)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_without_names_only_the_answer_is_told(outcome: Outcome) -> None:
    changes = {} if outcome is Outcome.ACCEPTED else {"outcome": outcome, "agreeing": 0}
    verdict = describe_without_names(decision(**changes))

    told = " ".join((verdict.headline, verdict.explanation, *verdict.advice))
    assert verdict.headline
    assert verdict.rate is None
    assert not re.search(r"\d|Anna|somebody", told)
    assert verdict.tone is describe(decision(**changes), {}, ()).tone
