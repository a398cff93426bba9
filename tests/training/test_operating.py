"""Operating points: counted over all pairs of strangers, never finer than they carry."""

import numpy as np

from training.operating import operating_points, read_strangers, read_trained


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


def test_strangers_are_held_out_and_stand_once_and_the_rest_was_trained_on(world, cache) -> None:
    strangers = read_strangers(world.data, cache, 0.5)
    trained = read_trained(world.data, cache, ["synth-00", "synth-01"], 0.5, 1000)

    assert strangers.crops.shape[1:] == (112, 112, 3)
    assert 2 <= len(strangers.crops) <= 14
    assert len(trained) == 48 - 3 * len(strangers.crops)
    seen = {crop.tobytes() for crop in trained}
    assert not any(crop.tobytes() in seen for crop in strangers.crops)
