"""Operating points: thresholds for stated false match rates, from people never trained on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.domain.operating_point import OperatingPoint
from core.matching.calibrate import TARGET_FMRS, points_with
from training.data.labelled import Labelled, open_labelled, split_people
from training.data.shards import centre
from training.errors import DataError

PEOPLE = 5_000  # give 12.5 million pairs, enough for 1e-6 by the rule of three
RESAMPLES = 300  # of people, for the interval
ENDS_PERCENT = (2.5, 97.5)
OVERLAPPING_SOURCES = frozenset({"nba_kaggg", "nba_itech", "ukmps_globalroo", "bolly_sambhav"})
"""Their people also stand in other sources under other labels, so they would be mated pairs."""

Floats = NDArray[np.float32]
Crops = NDArray[np.uint8]


def read_faces(
    data: Path, cache: Path, share: float, trained: int, people: int = PEOPLE
) -> tuple[Crops, Crops]:
    """Crops that were trained on, and strangers: one crop each of people who were not.

    Args:
        data: Any labelled source: shards, folders of people, RecordIO.
        share: The recipe's held_out_share.
        trained: How many crops that were trained on; a fixed draw.
        people: How many strangers at most; the first of a fixed shuffle.

    Returns:
        Two arrays uint8 (n, 112, 112, 3), BGR.

    Raises:
        DataError: Fewer than two people were held out.
    """
    seen, held_out = split_people(open_labelled(data, cache), share)
    chosen = _one_each(held_out)
    if len(chosen) < 2:  # noqa: PLR2004 - a pair
        raise DataError(
            path=data,
            reason="fewer than two people were held out from training, so nothing can be said "
            "about false matches; train with data.held_out_share above 0",
        )
    random = np.random.default_rng(0)
    strangers = random.permutation(chosen)[:people]
    drawn = np.sort(random.permutation(len(seen))[:trained])
    return centre(seen.crops(drawn)), centre(held_out.crops(strangers))


def _one_each(data: Labelled) -> NDArray[np.int64]:
    """The first crop of each person who stands in one source only."""
    alone = [name.split("/", 1)[0] not in OVERLAPPING_SOURCES for name in data.people]
    first = np.unique(data.labels, return_index=True)[1]
    return first[np.array(alone, dtype=np.bool_)]


def operating_points(
    strangers: Floats,
    mated_scores: Floats,
    measured_on: str,
    targets: Sequence[float] = TARGET_FMRS,
) -> tuple[OperatingPoint, ...]:
    """One point for each target that the trials can carry.

    Args:
        strangers: float32 (N, d): unit vectors of distinct people; every pair is a trial.
        mated_scores: (m,): comparisons of one person each.
        measured_on: The data, in words.
    """
    rows, columns = np.triu_indices(len(strangers), 1)

    def interval(matched: NDArray[np.bool_]) -> tuple[float, float]:
        return interval_over_people(rows[matched], columns[matched], len(strangers))

    return points_with(mated_scores, all_scores(strangers), interval, measured_on, targets)


def all_scores(vectors: Floats) -> Floats:
    """The cosine of every pair of unit vectors (N, d) once, float32 (N·(N − 1)/2,)."""
    scores: Floats = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
    return scores


def interval_over_people(
    one: NDArray[np.int64], other: NDArray[np.int64], people: int
) -> tuple[float, float]:
    """The 95 % interval of the FMR when people are drawn anew.

    Every pair is one trial, so the matched ones alone tell it: core's general form would need
    a matrix of 25 million cells for 5,000 people.

    Args:
        one: Numbers of the first people of the pairs that matched.
        other: Of the second.
        people: How many there are.
    """
    random = np.random.default_rng(0)
    pairs = people * (people - 1) // 2
    counts = []
    for _ in range(RESAMPLES):
        drawn = np.bincount(random.integers(0, people, people), minlength=people)
        counts.append(int((drawn[one] * drawn[other]).sum()))
    low, high = np.percentile(counts, ENDS_PERCENT) / pairs
    return float(low), float(high)
