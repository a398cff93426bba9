"""Operating points: thresholds for stated false match rates, from people never trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.domain.operating_point import OperatingPoint
from core.matching.calibrate import TARGET_FMRS, points_with
from training.data.manifest import is_held_out, one_crop_a_person, shard_names
from training.data.shards import centre, open_shard
from training.recipe import DataError

PEOPLE = 5_000  # give 12.5 million pairs, enough for 1e-6 by the rule of three
RESAMPLES = 300  # of people, for the interval
ENDS_PERCENT = (2.5, 97.5)
OVERLAPPING_SOURCES = frozenset({"nba_kaggg", "nba_itech", "ukmps_globalroo", "bolly_sambhav"})
"""Their people also stand in other sources under other labels, so they would be mated pairs."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Strangers:
    """One crop each of distinct people who were never trained on.

    Attributes:
        crops: uint8 (N, 112, 112, 3), BGR.
    """

    crops: NDArray[np.uint8]
    sources: tuple[str, ...]


def read_strangers(data: Path, cache: Path, share: float, people: int = PEOPLE) -> Strangers:
    """The held-out people of all shards, one crop each, the first `people` of a fixed shuffle.

    Args:
        share: The recipe's held_out_share.

    Raises:
        DataError: Fewer than two.
    """
    rows, crops = [], []
    for name in shard_names(data):
        shard = open_shard(data, name, cache)
        chosen = [
            index
            for index, row in enumerate(shard.rows)
            if is_held_out(row, share) and row.source not in OVERLAPPING_SOURCES
        ]
        rows += [shard.rows[index] for index in chosen]
        crops += [centre(shard.crops)[index] for index in chosen]
    one_each = one_crop_a_person(rows)
    if len(one_each) < 2:  # noqa: PLR2004 - a pair
        raise DataError(path=data, reason="it holds no two labelled people to compare")
    order = np.random.default_rng(0).permutation(one_each)[:people]
    return Strangers(
        np.stack([crops[index] for index in order]), tuple(rows[index].source for index in order)
    )


def read_trained(
    data: Path, cache: Path, names: Sequence[str], share: float, count: int
) -> NDArray[np.uint8]:
    """Crops that were trained on, spread evenly over shards: uint8 (n ≤ count, 112, 112, 3), BGR.

    Args:
        names: Of the shards.
        share: The recipe's held_out_share.
    """
    parts = []
    for name in names:
        shard = open_shard(data, name, cache)
        trained = [index for index, row in enumerate(shard.rows) if not is_held_out(row, share)]
        parts.append(centre(shard.crops)[trained[: count // len(names)]])
    return np.concatenate(parts)


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
    scores = strangers @ strangers.T
    rows, columns = np.triu_indices(len(strangers), 1)

    def interval(matched: NDArray[np.bool_]) -> tuple[float, float]:
        return _interval(rows[matched], columns[matched], len(strangers))

    return points_with(mated_scores, scores[rows, columns], interval, measured_on, targets)


def _interval(one: NDArray[np.int64], other: NDArray[np.int64], people: int) -> tuple[float, float]:
    """The 95 % interval of the FMR when people are drawn anew.

    Every pair is one trial, so the matched ones alone tell it: core's general form would need
    a matrix of 25 million cells for 5,000 people.
    """
    random = np.random.default_rng(0)
    pairs = people * (people - 1) // 2
    counts = []
    for _ in range(RESAMPLES):
        drawn = np.bincount(random.integers(0, people, people), minlength=people)
        counts.append(int((drawn[one] * drawn[other]).sum()))
    low, high = np.percentile(counts, ENDS_PERCENT) / pairs
    return float(low), float(high)
