"""Verification: accuracy over folds, misses at stated false match rates, intervals over people.

ISO/IEC 19795-1 words. A rate is never stated finer than its trials carry: the rule of three.
"""

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.domain.operating_point import RULE_OF_THREE
from core.matching.rates import fmr_at, fnmr_at, threshold_at_fmr
from training.errors import DataError
from training.evaluation.comparisons import Comparisons
from training.evaluation.ranking import Floats, Ranking

TARGET_FMRS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
RESAMPLES = 300  # of people; the ends of the interval are then stable to about 0.1 point
TAIL_PERCENT = 2.5  # beyond each end of a 95 % interval
SMALLEST_FOLDS = 2  # a threshold is chosen on the other folds


class Interval(msgspec.Struct, frozen=True):
    """A measured share with its 95 % interval, found by drawing people with replacement."""

    value: float
    low: float
    high: float


class RateAt(msgspec.Struct, frozen=True):
    """The misses at one false match rate that the non-mated pairs carry.

    Attributes:
        fnmr_bound: 3 / mated where fewer than three pairs missed: the rate is below it, and no
            more can be said. None otherwise.
    """

    target_fmr: float
    threshold: float
    false_matches: int
    non_mated: int
    false_non_matches: int
    mated: int
    fnmr: Interval
    fnmr_bound: float | None


class Verification(msgspec.Struct, frozen=True):
    """What was measured on the pairs of one set.

    Attributes:
        people: Who occur in the pairs.
        accuracy: Mean over folds; each fold's threshold comes from the others.
        accuracy_spread: Standard deviation of the folds' accuracies.
        eer: Where FMR and FNMR meet.
        fmr: The one at which `tar` was read.
        tar: Share of mated pairs that match within `fmr`; None where not even one false match
            is allowed.
        tar_carried: Whether the non-mated pairs carry `fmr` by the rule of three. Where they do
            not, `tar` compares models of one run and states no rate.
        rates: For those of `TARGET_FMRS` that are carried.
    """

    pairs: int
    non_mated: int
    people: int
    folds: int
    accuracy: Interval
    accuracy_spread: float
    eer: Interval
    fmr: float
    tar: Interval | None
    tar_carried: bool
    rates: tuple[RateAt, ...]


def verify(
    trials: Comparisons, scores: NDArray[np.float32], fmr: float = 1e-3, seed: int = 0
) -> Verification:
    """All figures of one set.

    Args:
        scores: (P,), cosine of each pair.

    Raises:
        DataError: Fewer than two folds, or pairs of one kind only.
    """
    mated, non_mated = scores[trials.mated], scores[~trials.mated]
    folds = np.unique(trials.fold)
    if not (mated.size and non_mated.size) or len(folds) < SMALLEST_FOLDS:
        raise DataError(
            path="pairs", reason="accuracy needs mated and non-mated pairs in at least two folds"
        )
    right = decided_rightly(trials, scores)
    by_fold = [float(right[trials.fold == fold].mean()) for fold in folds]
    ranking = Ranking.of(scores, trials.mated)
    carried = [target for target in TARGET_FMRS if target >= RULE_OF_THREE / non_mated.size]
    measured = _figures(ranking, right, np.ones(len(scores)), (*carried, fmr))
    measured[0] = float(np.mean(by_fold))
    drawn = np.array(
        [
            _figures(ranking, right, weights, (*carried, fmr))
            for weights in drawn_weights(trials, np.random.default_rng(seed))
        ]
    )
    low, high = np.percentile(drawn, [TAIL_PERCENT, 100 - TAIL_PERCENT], axis=0)
    accuracy, eer, *misses, tar = (
        Interval(*(float(value) for value in ends))
        for ends in zip(measured, low, high, strict=True)
    )
    return Verification(
        pairs=len(scores),
        non_mated=non_mated.size,
        people=len(np.unique(trials.people[np.concatenate([trials.left, trials.right])])),
        folds=len(folds),
        accuracy=accuracy,
        accuracy_spread=float(np.std(by_fold)),
        eer=eer,
        fmr=fmr,
        tar=tar if fmr * non_mated.size >= 1 else None,
        tar_carried=fmr >= RULE_OF_THREE / non_mated.size,
        rates=tuple(
            _rate_at(target, mated, non_mated, miss)
            for target, miss in zip(carried, misses, strict=True)
        ),
    )


def decided_rightly(trials: Comparisons, scores: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether each pair (P,) is decided rightly at the threshold of the other folds."""
    right = np.zeros(len(scores), dtype=np.bool_)
    for fold in np.unique(trials.fold):
        inside = trials.fold == fold
        threshold = best_threshold(scores[~inside], trials.mated[~inside])
        right[inside] = (scores[inside] >= threshold) == trials.mated[inside]
    return right


def best_threshold(scores: NDArray[np.float32], mated: NDArray[np.bool_]) -> float:
    """The threshold at which most pairs are decided rightly; the lowest of equals.

    It lies half-way to the next score below, so that it does not depend on one lucky pair.
    """
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    # Rightly decided when the first k match: mated among them, and non-mated among the rest.
    right = np.cumsum(mated[order]) + (~mated).sum() - np.cumsum(~mated[order])
    last_of_equals = np.append(ranked[1:] != ranked[:-1], True)
    allowed = np.flatnonzero(last_of_equals)
    best = allowed[len(allowed) - 1 - int(np.argmax(right[allowed][::-1]))]
    return float(ranked[best : best + 2].mean())


def drawn_weights(trials: Comparisons, random: np.random.Generator) -> Iterator[Floats]:
    """How often each pair (P,) counts when as many people are drawn anew, with replacement.

    A pair of two people counts as often as both together; draws without a pair of each kind are
    left out.
    """
    one, other = trials.people[trials.left], trials.people[trials.right]
    present, numbers = np.unique(np.concatenate([one, other]), return_inverse=True)
    one, other = np.split(numbers, 2)
    people = len(present)
    for _ in range(RESAMPLES):
        drawn = np.bincount(random.integers(0, people, people), minlength=people)
        weights = np.where(one == other, drawn[one], drawn[one] * drawn[other]).astype(np.float64)
        if weights[trials.mated].sum() > 0 and weights[~trials.mated].sum() > 0:
            yield weights


def _figures(
    ranking: Ranking, right: NDArray[np.bool_], weights: Floats, fmrs: tuple[float, ...]
) -> list[float]:
    """Accuracy, EER, the misses at all but the last FMR, and the matches at the last."""
    rates = ranking.rates(weights)
    *misses, last = fmrs
    return [
        float(np.average(right, weights=weights)),
        rates.equal_error(),
        *(1 - rates.tar_at(target) for target in misses),
        rates.tar_at(last),
    ]


def _rate_at(
    target: float, mated: NDArray[np.float32], non_mated: NDArray[np.float32], fnmr: Interval
) -> RateAt:
    threshold = threshold_at_fmr(target, non_mated)
    missed = round(fnmr_at(threshold, mated) * mated.size)
    return RateAt(
        target_fmr=target,
        threshold=threshold,
        false_matches=round(fmr_at(threshold, non_mated) * non_mated.size),
        non_mated=non_mated.size,
        false_non_matches=missed,
        mated=mated.size,
        fnmr=fnmr,
        fnmr_bound=RULE_OF_THREE / mated.size if missed < RULE_OF_THREE else None,
    )
