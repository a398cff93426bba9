"""Operating points: counted over all pairs of strangers, never finer than they carry."""

from pathlib import Path

import numpy as np
import pytest

from training.errors import DataError
from training.operating import interval_over_people, operating_points, read_faces


def vectors(count: int) -> np.ndarray:
    drawn = np.random.default_rng(0).normal(size=(count, 8)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def test_every_pair_of_strangers_is_one_trial() -> None:
    strangers, mated = vectors(60), np.linspace(0, 1, 50, dtype=np.float32)

    point = operating_points(strangers, mated, "toy", targets=[0.05])[0]

    scores = [float(a @ b) for i, a in enumerate(strangers) for b in strangers[:i]]
    assert point.non_mated == len(scores) == 1770
    assert point.false_matches == sum(score >= point.threshold for score in scores)
    assert point.false_matches / 1770 <= 0.05
    assert point.false_non_matches == sum(mated < point.threshold)
    assert point.fmr_low <= point.false_matches / 1770 <= point.fmr_high


def test_a_rate_that_the_trials_cannot_carry_is_left_out() -> None:
    points = operating_points(vectors(60), np.ones(5, np.float32), "toy", targets=[0.1, 1e-2, 1e-4])

    assert [point.target_fmr for point in points] == [0.1, 1e-2]
    assert points[0].threshold < points[1].threshold


def test_without_a_false_match_the_interval_still_reaches_above_zero() -> None:
    people = np.eye(30, dtype=np.float32)

    point = operating_points(people, np.ones(5, np.float32), "toy", targets=[0.05])[0]

    assert point.false_matches == 0
    assert point.fmr_high > 0.005


def test_matches_that_share_a_person_widen_the_interval() -> None:
    others = np.arange(1, 13)
    one_person = interval_over_people(np.zeros(12, dtype=np.int64), others, 100)
    twelve_pairs = interval_over_people(2 * others, 2 * others + 1, 100)

    assert one_person[1] - one_person[0] > 1.3 * (twelve_pairs[1] - twelve_pairs[0])


def test_strangers_are_held_out_and_stand_once_and_the_rest_was_trained_on(
    world, tmp_path: Path
) -> None:
    trained, strangers = read_faces(world.data, tmp_path, 0.5, 1000)

    assert strangers.shape[1:] == (112, 112, 3)
    assert 2 <= len(strangers) <= 14
    assert len(trained) == 48 - 3 * len(strangers)
    seen = {crop.tobytes() for crop in trained}
    assert not any(crop.tobytes() in seen for crop in strangers)
    assert len(read_faces(world.data, tmp_path, 0.5, 4, people=2)[1]) == 2


def test_a_run_that_held_nobody_out_says_what_to_do(world, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="held_out_share"):
        read_faces(world.data, tmp_path, 0.0, 10)
