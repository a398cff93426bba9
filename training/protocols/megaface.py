"""MegaFace: finding a probe's mate among distractors, and verification against them.

For each two pictures of one person, one is looked for with the other among N distractors: rank 1
if no distractor is as similar. Verification compares all mated probes, and all probes with all
distractors.

The cleaned protocol replaces a probe known to show somebody else by the mean of its person's
trusted pictures plus a little noise, and lets distractors known to show a probe's person match
nothing. The first flatters every network alike, so rates of the two protocols are not compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.protocols.ijb import tar_at

DISTRACTORS = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
FMR = 1e-6  # at which the benchmark states its TAR
REPLACEMENT_NOISE = 1e-3  # half-width of what is added to a person's mean, as the benchmark does
CHUNK = 2048  # distractors compared at once; 29 MB of scores with its 3,530 probes

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MegafaceRates:
    """What was measured.

    Attributes:
        searches: Ordered pairs of one person's pictures.
        rank_1: By number of distractors, the share of searches that find the mate first.
        mated: Mated comparisons.
        non_mated: Comparisons of probes with distractors.
        tar: Share of mated comparisons that match at `FMR`; None where the non-mated ones are
            too few to carry the rate.
        tar_fmr: The rate that is meant.
    """

    searches: int
    rank_1: dict[int, float]
    mated: int
    non_mated: int
    tar: float | None
    tar_fmr: float


def cleaned_probes(
    vectors: Floats, people: NDArray[np.int64], noisy: NDArray[np.bool_], seed: int = 0
) -> tuple[Floats, NDArray[np.int64]]:
    """Probes with the noisy ones replaced, and the numbers of the people who remain.

    People of whom every picture is noisy are left out.

    Args:
        vectors: float32 (P, d), unit length. Not modified.
        people: int64 (P,).
        noisy: bool (P,).

    Returns:
        float32 (P', d), unit length, and int64 (P',).
    """
    random = np.random.default_rng(seed)
    cleaned = vectors.copy()
    trusted = np.isin(people, people[~noisy])
    for place in np.flatnonzero(noisy & trusted):
        mean = _unit(vectors[(people == people[place]) & ~noisy].sum(axis=0))
        shaken = mean + random.uniform(-REPLACEMENT_NOISE, REPLACEMENT_NOISE, len(mean))
        cleaned[place] = _unit(shaken.astype(np.float32))
    return cleaned[trusted], people[trusted]


def search(
    probes: Floats,
    people: NDArray[np.int64],
    distractors: Floats,
    noisy: NDArray[np.bool_] | None = None,
    counts: Sequence[int] = DISTRACTORS,
    fmr: float = FMR,
) -> MegafaceRates:
    """Both rates of the benchmark.

    Args:
        probes: float32 (P, d), unit length.
        people: int64 (P,), two pictures or more of some.
        distractors: float32 (N, d), unit length, perhaps memory-mapped; the first n count where
            n are asked for.
        noisy: bool (N,), distractors that match nothing.
        counts: Numbers of distractors; those above N are left out, and N is added.
    """
    total = len(distractors)
    borders = sorted({count for count in counts if count < total} | {total})
    kept = int(fmr * len(probes) * total) + 2
    nearest = np.full(len(probes), -np.inf, dtype=np.float32)
    highest = np.empty(0, dtype=np.float32)
    by_count: dict[int, Floats] = {}
    start = 0
    for border in borders:
        while start < border:
            end = min(start + CHUNK, border)
            scores = probes @ np.asarray(distractors[start:end]).T
            if noisy is not None:
                scores[:, noisy[start:end]] = -np.inf
            nearest = np.maximum(nearest, scores.max(axis=1))
            highest = _largest(highest, scores.ravel(), kept)
            start = end
        by_count[border] = nearest.copy()
    left, right = np.nonzero((people[:, None] == people) & ~np.eye(len(people), dtype=np.bool_))
    mates = np.einsum("nd,nd->n", probes[left], probes[right])
    return MegafaceRates(
        searches=len(mates),
        rank_1={count: float((mates > near[left]).mean()) for count, near in by_count.items()},
        mated=len(mates) // 2,
        non_mated=len(probes) * total,
        tar=tar_at(mates[left < right], np.sort(highest)[::-1], len(probes) * total, fmr),
        tar_fmr=fmr,
    )


def _largest(known: Floats, new: Floats, count: int) -> Floats:
    """The `count` largest numbers of both."""
    if len(known) == count:
        new = new[new > known.min()]
    both = np.concatenate([known, new])
    if len(both) <= count:
        return both
    return np.partition(both, len(both) - count)[len(both) - count :]


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), dtype=np.float32)
