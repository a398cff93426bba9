"""Groups of faces that a teacher finds alike: labels where nobody is labelled."""

import numpy as np
from numpy.typing import NDArray

MAX_ROUNDS = 30  # the last few move less than one face in a thousand
BLOCK = 4096  # faces compared at once, so that the table of similarities stays small


def cluster(vectors: NDArray[np.float32], count: int, seed: int) -> NDArray[np.int64]:
    """Spherical k-means: the group of each vector, 0…count−1, none of them empty.

    Each group's centre is the direction of its sum. A group that loses all its members takes the
    vector that fits worst where it is.

    Args:
        vectors: float32 (N, d), unit length. Not modified.
        count: 1…N.

    Raises:
        ValueError: More groups than vectors, or none.
    """
    if not 1 <= count <= len(vectors):
        raise ValueError(f"{len(vectors)} faces cannot form {count} groups")
    random = np.random.default_rng((seed, count))
    centres = vectors[random.choice(len(vectors), count, replace=False)]
    groups = np.full(len(vectors), -1, dtype=np.int64)
    for _ in range(MAX_ROUNDS):
        nearest, fit = _nearest(vectors, centres)
        _fill_empty(nearest, fit, count)
        if np.array_equal(nearest, groups):
            break
        groups = nearest
        centres = _centres(vectors, groups, count)
    return groups


def _nearest(
    vectors: NDArray[np.float32], centres: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    nearest = np.empty(len(vectors), dtype=np.int64)
    fit = np.empty(len(vectors), dtype=np.float32)
    for start in range(0, len(vectors), BLOCK):
        similarity = vectors[start : start + BLOCK] @ centres.T
        best = similarity.argmax(axis=1)
        nearest[start : start + BLOCK] = best
        fit[start : start + BLOCK] = similarity[np.arange(len(best)), best]
    return nearest, fit


def _fill_empty(groups: NDArray[np.int64], fit: NDArray[np.float32], count: int) -> None:
    """Give each empty group the worst-fitting vector of a group with others, in place."""
    sizes = np.bincount(groups, minlength=count)
    worst_first = iter(np.argsort(fit, kind="stable"))
    for empty in np.flatnonzero(sizes == 0):
        moved = next(index for index in worst_first if sizes[groups[index]] > 1)
        sizes[groups[moved]] -= 1
        groups[moved] = empty
        sizes[empty] = 1


def _centres(
    vectors: NDArray[np.float32], groups: NDArray[np.int64], count: int
) -> NDArray[np.float32]:
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], np.arange(count))
    sums = np.add.reduceat(vectors[order], starts, axis=0)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    unit: NDArray[np.float32] = sums / np.maximum(lengths, np.finfo(np.float32).tiny)
    return unit
