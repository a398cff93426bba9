"""Rates at every threshold against counting, with equal scores and with weights."""

import numpy as np
import pytest

from training.evaluation.ranking import Ranking

SCORES = np.array([0.9, 0.8, 0.8, 0.7, 0.5, 0.4, 0.4, 0.1], dtype=np.float32)
MATED = np.array([1, 1, 0, 1, 0, 1, 0, 0], dtype=bool)


def test_rates_are_counted_at_every_distinct_score() -> None:
    rates = Ranking.of(SCORES, MATED).rates()

    thresholds = [np.inf, 0.9, 0.8, 0.7, 0.5, 0.4, 0.1]
    others, mated = SCORES[~MATED], SCORES[MATED]
    np.testing.assert_allclose(rates.fmr, [np.mean(others >= np.float32(t)) for t in thresholds])
    np.testing.assert_allclose(rates.tar, [np.mean(mated >= np.float32(t)) for t in thresholds])


def test_the_order_of_the_pairs_does_not_matter() -> None:
    shuffled = np.random.default_rng(0).permutation(8)

    one, other = Ranking.of(SCORES, MATED), Ranking.of(SCORES[shuffled], MATED[shuffled])

    np.testing.assert_allclose(one.rates().fmr, other.rates().fmr)
    np.testing.assert_allclose(one.rates().tar, other.rates().tar)


def test_a_weight_counts_a_pair_so_many_times() -> None:
    weights = np.array([2, 0, 1, 3, 1, 1, 2, 1])

    weighted = Ranking.of(SCORES, MATED).rates(weights.astype(float))
    repeated = Ranking.of(np.repeat(SCORES, weights), np.repeat(MATED, weights)).rates()

    for fmr in (0.0, 0.2, 0.5, 1.0):
        assert weighted.tar_at(fmr) == pytest.approx(repeated.tar_at(fmr))
    assert weighted.equal_error() == pytest.approx(repeated.equal_error())


def test_tar_is_read_at_the_loosest_threshold_within_the_rate() -> None:
    rates = Ranking.of(SCORES, MATED).rates()

    assert rates.tar_at(0.0) == 0.25  # only the score of 0.9: at 0.8 a non-mated pair matches too
    assert rates.tar_at(0.25) == 0.75
    assert rates.tar_at(0.24) == 0.25
    assert rates.tar_at(1.0) == 1.0


def test_the_equal_error_rate_is_where_both_rates_meet() -> None:
    # Above 0.6: one of four non-mated pairs, three of four mated ones.
    assert Ranking.of(SCORES, MATED).rates().equal_error() == pytest.approx(0.25)


def test_separable_pairs_have_no_equal_error() -> None:
    scores = np.array([0.9, 0.8, 0.2, 0.1], dtype=np.float32)

    assert Ranking.of(scores, scores > 0.5).rates().equal_error() == pytest.approx(0.0)


def test_scores_that_say_nothing_have_an_equal_error_of_a_half() -> None:
    scores, mated = np.zeros(10, dtype=np.float32), np.arange(10) < 4

    assert Ranking.of(scores, mated).rates().equal_error() == pytest.approx(0.5)
