"""Curves end where their trials end."""

from pathlib import Path

import numpy as np
import pytest

from training.evaluation.comparisons import Comparisons
from training.evaluation.curves import Curve, curve_of, draw_curves


def trials_and_scores() -> tuple[Comparisons, np.ndarray]:
    """A thousand mated pairs and two thousand others, of two hundred people."""
    random = np.random.default_rng(0)
    mated = np.arange(3_000) < 1_000
    left, other = random.integers(0, 200, 3_000), random.integers(1, 200, 3_000)
    right = np.where(mated, left + 200, (left + other) % 200)
    trials = Comparisons(left, right, mated, np.zeros(3_000, dtype=int), np.arange(400) % 200)
    return trials, random.normal(np.where(mated, 0.6, 0.0), 0.2).astype(np.float32)


@pytest.fixture(scope="module")
def curve() -> Curve:
    return curve_of(*trials_and_scores())


def test_no_rate_is_drawn_that_the_pairs_do_not_carry(curve: Curve) -> None:
    assert curve.fmr[0] == pytest.approx(3 / 2_000)
    assert curve.fnmr.min() >= 0.999 * 3 / 1_000
    assert (np.diff(curve.fmr) > 0).all()
    assert (np.diff(curve.fnmr) <= 0).all()


def test_misses_are_counted_at_the_loosest_threshold_within_each_rate(curve: Curve) -> None:
    trials, scores = trials_and_scores()
    mated, others = scores[trials.mated], np.sort(scores[~trials.mated])[::-1]

    for place in (0, 40, len(curve.fmr) - 1):
        first_refused = others[int(curve.fmr[place] * 2_000 + 1e-9)]
        assert curve.fnmr[place] == pytest.approx(np.mean(mated <= first_refused))


def test_the_interval_lies_around_the_curve(curve: Curve) -> None:
    assert (curve.low <= curve.fnmr + 0.01).all()
    assert (curve.fnmr <= curve.high + 0.01).all()
    assert (curve.low < curve.high).all()


def test_pictures_of_det_roc_and_scores_are_written(curve: Curve, tmp_path: Path) -> None:
    files = draw_curves(tmp_path, "toy", {"one": curve, "run/0003": curve})

    expected = ["det-toy.png", "roc-toy.png", "scores-toy-one.png", "scores-toy-run-0003.png"]
    assert sorted(files) == expected == sorted(path.name for path in tmp_path.iterdir())
