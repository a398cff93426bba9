"""The 1:1 template protocol of IJB-B and IJB-C.

A template's vector: each picture's vector (of picture and mirror image added, not normalised)
times its detector score, averaged within a medium, added over media, brought to unit length.
Two templates are compared by cosine.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FMRS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
FEWEST_ERRORS = 3  # rule of three: below, n trials say nothing about a rate
CHUNK_PAIRS = 200_000  # compared at once; 400 MB with vectors of 256 numbers

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Templates:
    """Vectors of templates.

    Attributes:
        ids: int64 (T,), ascending.
        vectors: float32 (T, d), unit length.
    """

    ids: NDArray[np.int64]
    vectors: Floats


@dataclass(frozen=True, slots=True)
class TemplateRates:
    """What was measured.

    Attributes:
        mated: Number of mated comparisons.
        non_mated: Number of non-mated comparisons.
        left_out: Comparisons of templates of which no picture could be used.
        tar: By FMR, the share of mated comparisons that match; None where the non-mated ones are
            too few to carry the rate.
    """

    mated: int
    non_mated: int
    left_out: int
    tar: dict[float, float | None]


def make_templates(
    vectors: Floats,
    detector_scores: Floats,
    templates: NDArray[np.int64],
    media: NDArray[np.int64],
) -> Templates:
    """The vectors of all templates.

    Args:
        vectors: float32 (N, d), one a picture, mirror image added, not normalised. A picture that
            could not be used is left out by the caller.
        detector_scores: float32 (N,), 0–1.
        templates: int64 (N,), the template of each picture.
        media: int64 (N,), the medium of each picture.
    """
    weighted = vectors * detector_scores[:, None]
    pairs, owner, counts = np.unique(
        np.stack([templates, media], axis=1), axis=0, return_inverse=True, return_counts=True
    )
    means = _added(weighted, owner.ravel(), len(pairs)) / counts[:, None]
    ids, owner = np.unique(pairs[:, 0], return_inverse=True)
    sums = _added(means, owner.ravel(), len(ids))
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return Templates(
        ids, (sums / np.maximum(lengths, np.finfo(np.float64).tiny)).astype(np.float32)
    )


def template_scores(
    templates: Templates, left: NDArray[np.int64], right: NDArray[np.int64]
) -> Floats:
    """Cosine of each pair of templates, float32 (P,); NaN where one has no vector.

    Args:
        left: int64 (P,), ids of templates.
        right: int64 (P,), ids of templates.
    """
    scores = np.full(len(left), np.nan, dtype=np.float32)
    for part in _parts(len(left)):
        ends = [_places(templates.ids, side[part]) for side in (left, right)]
        there = (ends[0] >= 0) & (ends[1] >= 0)
        one, other = (templates.vectors[end[there]] for end in ends)
        scores[part][there] = np.einsum("nd,nd->n", one, other)
    return scores


def template_rates(
    scores: Floats, mated: NDArray[np.bool_], fmrs: Sequence[float] = FMRS
) -> TemplateRates:
    """TAR at each FMR.

    Args:
        scores: float32 (P,), of `template_scores`.
        mated: bool (P,).
    """
    there = ~np.isnan(scores)
    others = np.sort(scores[there & ~mated])[::-1]
    mates = scores[there & mated]
    return TemplateRates(
        mated=len(mates),
        non_mated=len(others),
        left_out=int((~there).sum()),
        tar={fmr: tar_at(mates, others, len(others), fmr) for fmr in fmrs},
    )


def tar_at(mates: Floats, others: Floats, trials: int, fmr: float) -> float | None:
    """Share of mated scores above a threshold that at most `fmr` of the non-mated reach.

    Args:
        others: Non-mated scores, falling: all of them, or as many of the highest as the rate
            allows and one more.
        trials: Number of all non-mated comparisons.

    Returns:
        None where fewer than three of the non-mated comparisons may match, or none is mated.
    """
    allowed = int(fmr * trials * (1 + 1e-9))  # 1e-3 of 3,000 is 3, not 2.9999…
    if allowed < FEWEST_ERRORS or not len(mates):
        return None
    if allowed >= len(others):
        return 1.0
    return float((mates > others[allowed]).mean())


def _added(rows: NDArray[np.floating], owner: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Sums of the rows that have one owner, float64 (count, d)."""
    order = np.argsort(owner, kind="stable")
    starts = np.searchsorted(owner[order], np.arange(count))
    return np.add.reduceat(rows[order].astype(np.float64), starts, axis=0)


def _places(ids: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each id stands; −1 where it is not there."""
    places = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[places] == wanted, places, -1)


def _parts(count: int) -> Iterator[slice]:
    return (slice(start, start + CHUNK_PAIRS) for start in range(0, count, CHUNK_PAIRS))
