import numpy as np
import pytest

from core.matching.calibrate import Trials, compare_all, count_trials, operating_points
from core.matching.rates import exact_interval


def trials(non_mated: np.ndarray, people: int = 50, mated: int = 20) -> Trials:
    """Scores as given, spread over the pairs of so many people one after the other."""
    cells = np.stack(np.triu_indices(people, k=1), axis=1)
    return Trials(
        mated=np.linspace(0.2, 0.9, mated, dtype=np.float32),
        non_mated=non_mated.astype(np.float32),
        pairs=cells[np.arange(non_mated.size) % len(cells)],
    )


def noise(count: int) -> np.ndarray:
    return np.clip(np.random.default_rng(1).normal(0, 0.1, count), -1, 1)


def test_every_pair_is_compared_once() -> None:
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)

    found = compare_all(vectors, np.array([0, 0, 4]))

    assert found.mated.tolist() == [0]
    np.testing.assert_allclose(sorted(found.non_mated), [0.6, 0.8], rtol=1e-6)
    assert found.pairs.tolist() == [[0, 4], [0, 4]]
    assert count_trials([2, 1]) == (1, 2)


def test_rounding_gives_no_score_above_one() -> None:
    vectors = np.full((2, 3), np.float32(1 / np.sqrt(3)) + np.float32(1e-7), dtype=np.float32)

    assert compare_all(vectors, np.array([0, 0])).mated.max() <= 1


@pytest.mark.parametrize(
    ("count", "targets"),
    [
        (299, []),
        (300, [1e-2]),
        (2_999, [1e-2]),
        (3_000, [1e-2, 1e-3]),
        (30_001, [1e-2, 1e-3, 1e-4]),
    ],
)
def test_no_rate_is_stated_that_the_trials_do_not_carry(count: int, targets: list[float]) -> None:
    points = operating_points(trials(noise(count)), "test")

    assert [point.target_fmr for point in points] == targets


def test_errors_are_those_at_the_threshold() -> None:
    sample = trials(noise(5_000))

    points = operating_points(sample, "5000 comparisons")

    assert [point.false_matches for point in points] == [50, 5]
    for point in points:
        assert (point.non_mated, point.mated) == (5_000, 20)
        assert point.false_matches == (sample.non_mated >= point.threshold).sum()
        assert point.false_non_matches == (sample.mated < point.threshold).sum()
        assert point.measured_on == "5000 comparisons"
    assert points[0].threshold < points[1].threshold


def test_the_interval_is_never_narrower_than_that_of_independent_trials() -> None:
    (point,) = operating_points(trials(noise(1_225)), "test")

    low, high = exact_interval(point.false_matches, point.non_mated)
    assert point.fmr_low <= low
    assert high <= point.fmr_high


def test_errors_of_one_person_widen_the_interval() -> None:
    scores = noise(12_250)
    spread = trials(scores)
    high_first = np.argsort(-scores)
    one_person_first = np.argsort(spread.pairs[:, 0] != 0, kind="stable")
    gathered = scores.copy()
    gathered[one_person_first] = scores[high_first]

    clustered = operating_points(trials(gathered), "test")[0]

    independent = operating_points(spread, "test")[0]
    assert clustered.false_matches == independent.false_matches
    assert clustered.fmr_high > 1.5 * independent.fmr_high


def test_the_same_pictures_give_the_same_card() -> None:
    assert operating_points(trials(noise(400)), "a") == operating_points(trials(noise(400)), "a")


def test_two_people_are_enough_for_the_arithmetic() -> None:
    (point,) = operating_points(trials(noise(400), people=2), "test")

    assert point.fmr_low <= point.fmr <= point.fmr_high


def test_without_mated_comparisons_nothing_is_stated() -> None:
    assert operating_points(trials(noise(400), mated=0), "test") == ()


def test_a_picture_under_two_names_makes_no_threshold_above_one() -> None:
    scores = noise(5_000)
    scores[:30] = 1

    assert [point.target_fmr for point in operating_points(trials(scores), "test")] == [1e-2]

    scores[:60] = 1
    assert operating_points(trials(scores), "test") == ()
