import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.operating_point import OperatingPoint
from core.matching.rates import exact_interval, fmr_at, fnmr_at, stated_rate, threshold_at_fmr


def point(target_fmr: float, threshold: float, non_mated: int = 1_000_000) -> OperatingPoint:
    errors = round(target_fmr * non_mated)
    low, high = exact_interval(errors, non_mated)
    return OperatingPoint(
        target_fmr=target_fmr,
        threshold=threshold,
        false_matches=errors,
        non_mated=non_mated,
        fmr_low=low,
        fmr_high=high,
        false_non_matches=10,
        mated=1000,
        measured_on="test",
    )


POINTS = (point(1e-2, 0.3), point(1e-3, 0.4), point(1e-4, 0.5))


def test_scores_at_the_threshold_count_as_matches() -> None:
    scores = np.array([0.2, 0.4, 0.6])

    assert fmr_at(0.4, scores) == pytest.approx(2 / 3)
    assert fnmr_at(0.4, scores) == pytest.approx(1 / 3)


@given(st.integers(0, 10_000))
def test_the_rate_falls_as_the_threshold_rises(seed: int) -> None:
    scores = np.random.default_rng(seed).normal(size=200)

    rates = [fmr_at(threshold, scores) for threshold in np.linspace(-3, 3, 25)]

    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize("target_fmr", [0.5, 0.1, 0.01])
def test_the_threshold_keeps_the_target_and_one_score_lower_breaks_it(target_fmr: float) -> None:
    scores = np.random.default_rng(3).normal(size=1000).astype(np.float32)

    threshold = threshold_at_fmr(target_fmr, scores)

    assert fmr_at(threshold, scores) <= target_fmr
    next_lower = scores[scores < threshold].max()
    assert fmr_at(next_lower, scores) > target_fmr


def test_a_rate_below_three_over_n_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be measured"):
        threshold_at_fmr(1e-3, np.zeros(2_999))


@pytest.mark.parametrize(
    ("errors", "trials", "low", "high"),
    [
        (0, 10, 0.0, 0.3084971),
        (1, 10, 0.0025286, 0.4450161),
        (10, 10, 0.6915029, 1.0),
        (50, 1000, 0.0373354, 0.0653905),
    ],
)
def test_the_interval_is_that_of_clopper_and_pearson(
    errors: int, trials: int, low: float, high: float
) -> None:
    assert exact_interval(errors, trials) == pytest.approx((low, high), abs=2e-6)


def test_without_errors_the_upper_end_is_near_three_over_n() -> None:
    _, high = exact_interval(0, 10_000)

    assert high == pytest.approx(-math.log(0.025) / 10_000, rel=1e-3)


def test_a_score_is_given_the_strictest_rate_it_reaches() -> None:
    rate = stated_rate(0.45, POINTS, comparisons=1)

    assert rate is not None
    assert rate.one_in == 1000
    assert rate.one_in_low <= 1000 <= rate.one_in_high
    assert not rate.beyond


def test_more_comparisons_make_the_statement_weaker() -> None:
    rate = stated_rate(0.45, POINTS, comparisons=5)

    assert rate is not None
    assert rate.one_in == 200


def test_a_score_past_every_threshold_claims_no_more_than_the_trials_carry() -> None:
    rate = stated_rate(0.99, POINTS, comparisons=1)

    assert rate is not None
    assert rate.one_in == 10_000
    assert rate.beyond


def test_nothing_is_stated_below_every_threshold_or_for_a_bound_of_one() -> None:
    assert stated_rate(0.1, POINTS, comparisons=1) is None
    assert stated_rate(0.3, POINTS, comparisons=100) is None
