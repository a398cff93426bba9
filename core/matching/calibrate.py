"""From pictures of known people to operating points: every pair compared, thresholds counted.

Arithmetic only; ISO/IEC 19795-1 words.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.operating_point import RULE_OF_THREE, OperatingPoint
from core.matching.rates import LEVEL_95_TAIL, exact_interval, threshold_at_fmr

TARGET_FMRS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)  # loosest first, as a card lists them
NEEDED_NON_MATED = round(RULE_OF_THREE / TARGET_FMRS[0])  # for the loosest, by the rule of three
NEEDED_MATED = 1

_RESAMPLINGS = 1000  # puts 25 of them beyond each end of a 95 % interval
_SEED = 1  # the same pictures give the same card


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """Scores of comparisons, and who was compared in the non-mated ones.

    Attributes:
        mated: (m,), float32.
        non_mated: (n,), float32.
        pairs: (n, 2), int: numbers of the two people of each non-mated comparison.
    """

    mated: NDArray[np.float32]
    non_mated: NDArray[np.float32]
    pairs: NDArray[np.intp]


def count_trials(pictures: Sequence[int]) -> tuple[int, int]:
    """How many mated and non-mated comparisons people with so many pictures each give."""
    total = sum(pictures)
    mated = sum(count * (count - 1) // 2 for count in pictures)
    return mated, total * (total - 1) // 2 - mated


def compare_all(vectors: NDArray[np.float32], people: NDArray[np.intp]) -> Trials:
    """Every picture against every other one, once.

    Args:
        vectors: (k, d) unit vectors of one model.
        people: (k,) number of the person on each picture.
    """
    first, second = np.triu_indices(len(vectors), k=1)
    # Rounding may carry the product of two unit vectors a little past 1.
    scores = np.clip(vectors @ vectors.T, -1.0, 1.0)[first, second]
    mated = people[first] == people[second]
    pairs = np.stack([people[first[~mated]], people[second[~mated]]], axis=1)
    return Trials(mated=scores[mated], non_mated=scores[~mated], pairs=pairs)


def operating_points(trials: Trials, measured_on: str) -> tuple[OperatingPoint, ...]:
    """A threshold for each of `TARGET_FMRS` that the trials carry by the rule of three.

    The interval of the FMR is the wider, at each end, of two: the exact one, which takes the
    comparisons for independent, and one found by drawing people with replacement, since
    comparisons share people. With few people even that is too narrow: it knows no stranger who
    resembles many.

    Args:
        measured_on: The data, in words.

    Returns:
        Loosest first. Empty where even the loosest cannot be measured: too few comparisons, or
        as many scores of 1 between people as it allows (the same picture in two folders).
    """

    def interval_over_people(matched: NDArray[np.bool_]) -> tuple[float, float]:
        return _interval_over_people(matched, trials.pairs)

    return points_with(trials.mated, trials.non_mated, interval_over_people, measured_on)


def points_with(
    mated: NDArray[np.float32],
    non_mated: NDArray[np.float32],
    interval_over_people: Callable[[NDArray[np.bool_]], tuple[float, float]],
    measured_on: str,
    targets: Sequence[float] = TARGET_FMRS,
) -> tuple[OperatingPoint, ...]:
    """Operating points for trials whose dependence the caller knows; see `operating_points`.

    Args:
        mated: (m,) scores.
        non_mated: (n,) scores.
        interval_over_people: From which non-mated trials matched, (n,), to the 95 % interval of
            the FMR that respects that trials share people.
        measured_on: The data, in words.
        targets: Loosest first.
    """
    points: list[OperatingPoint] = []
    count = non_mated.size
    if mated.size < NEEDED_MATED:
        return ()
    for target in targets:
        if target < RULE_OF_THREE / max(count, 1):
            break
        threshold = threshold_at_fmr(target, non_mated)
        if threshold > 1:
            break
        matched = non_mated >= threshold
        errors = int(matched.sum())
        low, high = exact_interval(errors, count)
        drawn_low, drawn_high = interval_over_people(matched)
        point = OperatingPoint(
            target_fmr=target,
            threshold=threshold,
            false_matches=errors,
            non_mated=count,
            fmr_low=min(low, drawn_low),
            fmr_high=max(high, drawn_high),
            false_non_matches=int((mated < threshold).sum()),
            mated=mated.size,
            measured_on=measured_on,
        )
        points.append(point)
    return tuple(points)


def _interval_over_people(
    matched: NDArray[np.bool_], pairs: NDArray[np.intp]
) -> tuple[float, float]:
    """The 95 % interval of the FMR when as many people are drawn anew, with replacement."""
    people = int(pairs.max()) + 1
    cells = pairs[:, 0] * people + pairs[:, 1]
    shape = (people, people)
    compared = np.bincount(cells, minlength=people**2).reshape(shape).astype(np.float64)
    false = np.bincount(cells[matched], minlength=people**2).reshape(shape).astype(np.float64)
    # Somebody drawn twice counts twice in every comparison with others, and never with itself.
    present = np.unique(pairs)
    weights = np.zeros((_RESAMPLINGS, people))
    weights[:, present] = np.random.default_rng(_SEED).multinomial(
        present.size, np.full(present.size, 1 / present.size), size=_RESAMPLINGS
    )
    trials = ((weights @ compared) * weights).sum(axis=1)
    errors = ((weights @ false) * weights).sum(axis=1)
    rates = errors[trials > 0] / trials[trials > 0]
    low, high = np.quantile(rates, (LEVEL_95_TAIL, 1 - LEVEL_95_TAIL))
    return float(low), float(high)
