import pytest

from core.domain.decision import Score
from core.domain.operating_point import OperatingPoint
from core.domain.template import ModelId, SubjectId
from core.errors import UsageError
from core.matching.decide import choose_point, judge_claim, judge_open
from core.matching.search import SubjectScore

ANNA = SubjectId("anna")


def point(target_fmr: float, threshold: float) -> OperatingPoint:
    return OperatingPoint(
        target_fmr=target_fmr,
        threshold=threshold,
        false_matches=int(target_fmr * 1_000_000),
        non_mated=1_000_000,
        fmr_low=target_fmr / 2,
        fmr_high=target_fmr * 2,
        false_non_matches=10,
        mated=1000,
        measured_on="test",
    )


POINT = point(1e-3, 0.4)
POINTS = (point(1e-2, 0.3), POINT, point(1e-4, 0.5))


def scored(**values: float) -> tuple[SubjectScore, ...]:
    entries = [SubjectScore(SubjectId(s), Score(v, ModelId("m"))) for s, v in values.items()]
    return tuple(sorted(entries, key=lambda e: -e.score.value))


@pytest.mark.parametrize(("score", "matched"), [(0.4, True), (0.3999, False)])
def test_a_score_at_the_threshold_is_a_match(score: float, matched: bool) -> None:
    assert judge_claim(scored(anna=score), ANNA, POINT).matched is matched


def test_a_claim_is_judged_by_the_claimed_subject_only() -> None:
    vote = judge_claim(scored(anna=0.1, ben=0.9), ANNA, POINT)

    assert not vote.matched
    assert vote.score is not None
    assert vote.score.value == 0.1


def test_nobody_is_named_when_the_best_is_below_the_threshold() -> None:
    assert not judge_open(scored(anna=0.39, ben=0.1), POINT, margin=0.05).matched


def test_a_close_runner_up_keeps_an_identification_from_matching() -> None:
    vote = judge_open(scored(anna=0.60, ben=0.57), POINT, margin=0.05)

    assert vote.too_close
    assert not vote.matched


def test_the_loosest_point_that_keeps_the_wanted_rate_is_chosen() -> None:
    assert choose_point(POINTS, 5e-3) is POINT


def test_a_rate_the_model_was_never_measured_at_is_refused() -> None:
    with pytest.raises(UsageError, match=r"0\.0001 only"):
        choose_point(POINTS, 1e-6)
