"""Accuracy, misses at stated rates and intervals against slow, obvious references."""

import numpy as np
import pytest

from core.matching.rates import threshold_at_fmr
from training.errors import DataError
from training.evaluation.comparisons import Comparisons, unit
from training.evaluation.verify import best_threshold, drawn_weights, verify


def slow_best_accuracy(scores: np.ndarray, mated: np.ndarray) -> float:
    return max(float(np.mean((scores >= t) == mated)) for t in scores)


def test_the_best_threshold_decides_as_many_rightly_as_any() -> None:
    random = np.random.default_rng(0)
    for _ in range(30):
        mated = random.random(40) < 0.5
        scores = np.round(random.normal(mated, 0.8), 1).astype(np.float32)

        threshold = best_threshold(scores, mated)

        assert np.mean((scores >= threshold) == mated) == slow_best_accuracy(scores, mated)


def people_and_pairs(spread: float, people: int = 40) -> tuple[Comparisons, np.ndarray]:
    """Three pictures a person, folds of four people, every pair of people within a fold."""
    random = np.random.default_rng(1)
    centres = random.normal(size=(people, 16))
    vectors = np.repeat(centres, 3, axis=0) + spread * random.normal(size=(3 * people, 16))
    rows = []
    for person in range(people):
        fold = person // 4
        rows += [(3 * person, 3 * person + k, 1, fold) for k in (1, 2)]
        rows += [
            (3 * person, 3 * (4 * fold + k) + 1, 0, fold)
            for k in range(4)
            if 4 * fold + k != person
        ]
    table = np.array(rows)
    trials = Comparisons(
        table[:, 0], table[:, 1], table[:, 2] == 1, table[:, 3], np.arange(3 * people) // 3
    )
    return trials, trials.scores(unit(vectors.astype(np.float32)))


def test_accuracy_takes_each_folds_threshold_from_the_others() -> None:
    trials, scores = people_and_pairs(0.9)
    by_fold = []
    for fold in range(10):
        inside = trials.fold == fold
        candidates = np.unique(scores[~inside])
        right = [np.mean((scores[~inside] >= t) == trials.mated[~inside]) for t in candidates]
        threshold = candidates[int(np.argmax(right))]
        by_fold.append(np.mean((scores[inside] >= threshold) == trials.mated[inside]))

    result = verify(trials, scores)

    assert result.accuracy.value == pytest.approx(np.mean(by_fold))
    assert result.accuracy_spread == pytest.approx(np.std(by_fold))
    assert result.accuracy.low < result.accuracy.value < result.accuracy.high
    assert (result.pairs, result.people, result.folds) == (200, 40, 10)


def test_misses_are_counted_at_the_programs_own_threshold() -> None:
    trials, scores = people_and_pairs(0.9)
    mated, others = scores[trials.mated], scores[~trials.mated]

    rates = verify(trials, scores).rates

    assert [rate.target_fmr for rate in rates] == [0.1]  # 120 non-mated pairs carry 1/40
    assert rates[0].threshold == threshold_at_fmr(0.1, others)
    assert rates[0].false_matches == np.sum(others >= rates[0].threshold) == 12
    assert rates[0].false_non_matches == np.sum(mated < rates[0].threshold)
    assert rates[0].fnmr.value == pytest.approx(np.mean(mated < rates[0].threshold))
    assert rates[0].fnmr.low <= rates[0].fnmr.value <= rates[0].fnmr.high


def test_more_pairs_carry_finer_rates() -> None:
    trials, scores = people_and_pairs(0.9)
    times = Comparisons(
        *(np.tile(part, 30) for part in (trials.left, trials.right, trials.mated, trials.fold)),
        trials.people,
    )

    finer = verify(times, np.tile(scores, 30)).rates

    assert [rate.target_fmr for rate in finer] == [0.1, 0.01, 0.001]
    misses = [rate.fnmr.value for rate in finer]
    assert misses == sorted(misses)


def test_a_rate_of_misses_below_three_in_all_is_stated_as_a_bound() -> None:
    separable, lucky = people_and_pairs(0.01)
    hard, scores = people_and_pairs(0.9)

    assert verify(separable, lucky).rates[0].fnmr_bound == pytest.approx(3 / 80)
    assert verify(hard, scores).rates[0].fnmr_bound is None


def test_tar_says_whether_the_pairs_carry_its_rate() -> None:
    trials, scores = people_and_pairs(0.3)

    assert verify(trials, scores, fmr=1e-3).tar is None
    few = verify(trials, scores, fmr=1e-2)
    assert few.tar is not None
    assert not few.tar_carried
    assert verify(trials, scores, fmr=0.05).tar_carried


def test_separable_people_are_told_apart_without_error() -> None:
    trials, scores = people_and_pairs(0.01)

    result = verify(trials, scores)

    assert result.accuracy.value == result.accuracy.low == 1.0
    assert result.eer.value == 0.0


def test_intervals_narrow_with_more_people() -> None:
    few, many = (verify(*people_and_pairs(0.9, people)).accuracy for people in (16, 160))

    assert many.high - many.low < 0.6 * (few.high - few.low)


def test_a_person_drawn_twice_counts_twice_in_pairs_with_others_and_alone() -> None:
    trials, _ = people_and_pairs(0.5)

    weights = next(drawn_weights(trials, np.random.default_rng(3)))

    drawn = np.bincount(np.random.default_rng(3).integers(0, 40, 40), minlength=40)
    for place in range(len(trials.left)):
        one = trials.people[trials.left[place]]
        other = trials.people[trials.right[place]]
        expected = drawn[one] if one == other else drawn[one] * drawn[other]
        assert weights[place] == expected


@pytest.mark.parametrize("part", ["one fold", "mated only"])
def test_pairs_without_folds_or_of_one_kind_are_refused(part: str) -> None:
    trials, scores = people_and_pairs(0.3)
    kept = trials.fold == 0 if part == "one fold" else trials.mated

    with pytest.raises(DataError, match="two folds"):
        verify(trials.where(kept), scores[kept])
