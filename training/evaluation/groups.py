"""False match rates within groups of people: one sex, one span of ages, one origin.

Strangers of one group look more alike than strangers drawn from everybody, and a threshold that
holds a rate for everybody holds a worse one within some groups.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.domain.operating_point import RULE_OF_THREE
from training.data.manifest import CropRow, shard_names
from training.data.shards import centre, open_shard
from training.evaluation.verify import Interval
from training.operating import interval_over_people

GROUP_CROPS = 800  # at most, of one group; 320,000 pairs give 32 false matches at 1e-4
FEWEST_CROPS = 80  # of a group that is shown; 3,160 pairs carry 1e-3
FINEST_FMR = 1e-4  # some sources show a few people twice; at finer rates these would dominate
AGE_SPANS = ((0, 12), (13, 19), (20, 39), (40, 59), (60, 120))  # years, both ends included
SEXES = ("male", "female")
ORIGINS = ("white", "Black", "Asian", "Indian")  # in UTKFace's order and words; "others" is none


class Threshold(Protocol):
    """A threshold and the false match rate it was chosen for: an operating point, for example."""

    @property
    def target_fmr(self) -> float:
        """The rate."""
        ...

    @property
    def threshold(self) -> float:
        """Cosine from which a pair matches."""
        ...


class GroupRate(msgspec.Struct, frozen=True):
    """The false match rate within one group at one operating point.

    Attributes:
        group: Such as "age 0–12".
        target_fmr: Of the operating point.
        fmr: Never below what the pairs carry.
    """

    group: str
    crops: int
    pairs: int
    target_fmr: float
    false_matches: int
    fmr: Interval


def stated_groups(row: CropRow) -> tuple[str, ...]:
    """What a crop's file name states about the person; nothing for most sources.

    UTKFace writes AGE_SEX_RACE_TIME, All-Age-Faces NUMBERAAGE.
    """
    name = Path(row.file).name.split(".")[0]
    if row.source == "utkface":
        age, sex, origin, *_ = [*name.split("_"), "", "", ""]
        groups = [_age_span(age), _pick(SEXES, sex), _pick(ORIGINS, origin)]
    elif row.source == "aaf":
        groups = [_age_span(name.partition("A")[2])]
    else:
        groups = []
    return tuple(group for group in groups if group)


def _age_span(age: str) -> str:
    spans = [
        f"age {low}–{high}" for low, high in AGE_SPANS if age.isdigit() and low <= int(age) <= high
    ]
    return spans[0].replace(f"–{AGE_SPANS[-1][1]}", " and over") if spans else ""


def _pick(names: Sequence[str], number: str) -> str:
    return names[int(number)] if number.isdigit() and int(number) < len(names) else ""


@dataclass(frozen=True, slots=True, eq=False)
class StatedFaces:
    """Crops of different people, and which groups each belongs to.

    Attributes:
        crops: uint8 (n, 112, 112, 3), BGR.
        members: By group, int: numbers of its crops.
    """

    crops: NDArray[np.uint8]
    members: Mapping[str, NDArray[np.int64]]


NOBODY = StatedFaces(np.empty((0, 112, 112, 3), dtype=np.uint8), {})


def read_groups(data: Path, cache: Path) -> StatedFaces:
    """Crops whose file names state a group; small groups are left out.

    Args:
        data: A folder of shards.
    """
    kept: list[NDArray[np.uint8]] = []
    found: dict[str, list[int]] = {}
    for name in shard_names(data):
        shard = open_shard(data, name, cache)
        crops = centre(shard.crops)
        for index, row in enumerate(shard.rows):
            groups = stated_groups(row)
            wanted = [g for g in groups if len(found.setdefault(g, [])) < GROUP_CROPS]
            for group in wanted:
                found[group].append(len(kept))
            if wanted:
                kept.append(crops[index])
    members = {
        group: np.array(places, dtype=np.int64)
        for group, places in sorted(found.items())
        if len(places) >= FEWEST_CROPS
    }
    return StatedFaces(np.stack(kept), members) if members else NOBODY


def group_rates(
    vectors: NDArray[np.float32],
    members: Mapping[str, NDArray[np.int64]],
    points: Sequence[Threshold],
) -> tuple[GroupRate, ...]:
    """The rate within each group at each point that its pairs carry, down to `FINEST_FMR`.

    Args:
        vectors: float32 (n, d), unit vectors of crops of different people.
        members: By group, numbers of its vectors.
    """
    return tuple(
        rate
        for group, places in members.items()
        for rate in _rates_within(group, vectors[places], points)
    )


def _rates_within(
    group: str, vectors: NDArray[np.float32], points: Sequence[Threshold]
) -> Iterator[GroupRate]:
    rows, columns = np.triu_indices(len(vectors), 1)
    scores = (vectors @ vectors.T)[rows, columns]
    for point in points:
        if point.target_fmr < max(FINEST_FMR, RULE_OF_THREE / len(scores)):
            continue
        matched = scores >= point.threshold
        low, high = interval_over_people(rows[matched], columns[matched], len(vectors))
        count = int(matched.sum())
        value = max(count, RULE_OF_THREE) / len(scores)
        yield GroupRate(
            group=group,
            crops=len(vectors),
            pairs=len(scores),
            target_fmr=point.target_fmr,
            false_matches=count,
            fmr=Interval(value, min(low, value), max(high, value)),
        )


def worst_group(rates: Sequence[GroupRate], target_fmr: float) -> GroupRate | None:
    """The group with the highest rate at one operating point; None where none was measured."""
    here = [rate for rate in rates if rate.target_fmr == target_fmr]
    return max(here, key=lambda rate: rate.fmr.value, default=None)


def careful_target(
    rates: Sequence[GroupRate], points: Sequence[Threshold], wanted_fmr: float
) -> float | None:
    """The loosest operating point at which no group's rate is above the wanted one.

    Returns:
        Its target_fmr; None where no measured point holds it.
    """
    for point in points:
        worst = worst_group(rates, point.target_fmr)
        if worst is not None and worst.fmr.value <= wanted_fmr:
            return point.target_fmr
    return None
