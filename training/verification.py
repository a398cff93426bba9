"""Verification by pairs: accuracy over folds, misses at a false match rate, intervals over people.

A pair file is a CSV `a,b,same,fold` of picture names below its folder. Folds hold different people.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.opencv import cv2
from training.recipe import DataError

MAX_PAIRS_BYTES = 64 * 1024 * 1024  # the largest public list, IJB-C's, is below it
RESAMPLES = 300  # of people; the ends of the interval are then stable to about 0.1 point
TAIL_PERCENT = 2.5  # beyond each end of a 95 % interval
EMBED_BATCH = 2  # pictures a run; larger ones leave the cache and are slower on a CPU
SMALLEST_FOLDS = 2  # a threshold is chosen on the other folds

Floats = NDArray[np.float32]
Embed = Callable[[NDArray[np.uint8]], Floats]


@dataclass(frozen=True, slots=True)
class Pairs:
    """The comparisons of one set.

    Attributes:
        files: The pictures, each once.
        left: Index of each pair's first picture.
        right: Index of its second.
        mated: bool by pair.
        fold: By pair.
        people: By picture, the number of its person (the folder it lies in).
    """

    name: str
    folder: Path
    files: tuple[str, ...]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    mated: NDArray[np.bool_]
    fold: NDArray[np.int64]
    people: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Verification:
    """What was measured on one set; every interval is 95 % by resampling people.

    Attributes:
        accuracy: Mean over folds; each fold's threshold comes from the others.
        tar: Share of mated pairs at or above the threshold of `fmr`; None where the non-mated
            pairs cannot carry it.
    """

    name: str
    pairs: int
    people: int
    folds: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    fmr: float
    tar: float | None
    tar_low: float | None
    tar_high: float | None


def read_pairs(path: Path, name: str) -> Pairs:
    """The comparisons of a pair file; pictures lie below its folder.

    Raises:
        DataError: Unreadable, other columns, a bad line (named), or pairs of one kind only.
    """
    try:
        if path.stat().st_size > MAX_PAIRS_BYTES:
            raise DataError(path=path, reason="it is larger than any pair list")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(path=path, reason=str(error)) from error
    reader = csv.DictReader(text.splitlines())
    if reader.fieldnames != ["a", "b", "same", "fold"]:
        raise DataError(path=path, reason="its columns are not a, b, same, fold")
    files: dict[str, int] = {}
    rows: list[tuple[int, int, bool, int]] = []
    for row in reader:
        if row["same"] not in ("0", "1") or not (row["fold"] or "").isdigit():
            raise DataError(path=path, reason=f"line {reader.line_num} is no pair")
        ends = [files.setdefault(row[key], len(files)) for key in ("a", "b")]
        rows.append((ends[0], ends[1], row["same"] == "1", int(row["fold"])))
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    if len(set(table[:, 2])) < 2:  # noqa: PLR2004 - mated and non-mated
        raise DataError(path=path, reason="it needs both mated and non-mated pairs")
    folders = [file.rsplit("/", 1)[0] for file in files]
    if any(folder.endswith(("frontal", "profile")) for folder in folders):
        folders = [folder.rsplit("/", 1)[0] for folder in folders]
    return Pairs(
        name=name,
        folder=path.parent,
        files=tuple(files),
        left=table[:, 0],
        right=table[:, 1],
        mated=table[:, 2] == 1,
        fold=table[:, 3],
        people=np.unique(folders, return_inverse=True)[1],
    )


def embed_files(pairs: Pairs, embed: Embed) -> Floats:
    """Unit vectors of a set's pictures, float32 (files, d).

    Args:
        embed: uint8 (N, 112, 112, 3) BGR → unit vectors.

    Raises:
        DataError: A picture that cannot be read.
    """
    parts = []
    for start in range(0, len(pairs.files), EMBED_BATCH):
        crops = [_read(pairs.folder / file) for file in pairs.files[start : start + EMBED_BATCH]]
        parts.append(embed(np.stack(crops)))
    return np.concatenate(parts)


def _read(path: Path) -> NDArray[np.uint8]:
    try:
        data = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    except OSError as error:
        raise DataError(path=path, reason=str(error)) from error
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if picture is None:
        raise DataError(path=path, reason="it is no picture")
    return np.asarray(picture, dtype=np.uint8)


def verify(pairs: Pairs, vectors: Floats, fmr: float = 1e-3, seed: int = 0) -> Verification:
    """All figures of one set.

    Args:
        vectors: By picture, unit length.

    Raises:
        DataError: Fewer than two folds.
    """
    scores = np.einsum("nd,nd->n", vectors[pairs.left], vectors[pairs.right])
    folds = np.unique(pairs.fold)
    if len(folds) < SMALLEST_FOLDS:
        raise DataError(path=pairs.folder, reason="accuracy needs at least two folds")
    right = np.zeros(len(scores), dtype=np.bool_)
    for fold in folds:
        inside = pairs.fold == fold
        threshold = best_threshold(scores[~inside], pairs.mated[~inside])
        right[inside] = (scores[inside] >= threshold) == pairs.mated[inside]
    accuracy = float(np.mean([right[pairs.fold == fold].mean() for fold in folds]))
    tar = _tar(scores, pairs.mated, np.ones(len(scores)), fmr)
    accuracies, tars = [], []
    for weights in _resampled(pairs, np.random.default_rng(seed)):
        accuracies.append(float(np.average(right, weights=weights)))
        if tar is not None:
            tars.append(_tar(scores, pairs.mated, weights, fmr) or 0.0)
    low, high = np.percentile(accuracies, [TAIL_PERCENT, 100 - TAIL_PERCENT])
    tar_ends = np.percentile(tars, [TAIL_PERCENT, 100 - TAIL_PERCENT]) if tars else None
    return Verification(
        name=pairs.name,
        pairs=len(scores),
        people=int(pairs.people.max()) + 1,
        folds=len(folds),
        accuracy=accuracy,
        accuracy_low=float(low),
        accuracy_high=float(high),
        fmr=fmr,
        tar=tar,
        tar_low=None if tar_ends is None else float(tar_ends[0]),
        tar_high=None if tar_ends is None else float(tar_ends[1]),
    )


def best_threshold(scores: Floats, mated: NDArray[np.bool_]) -> float:
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


def _tar(
    scores: Floats, mated: NDArray[np.bool_], weights: NDArray[np.float64], fmr: float
) -> float | None:
    """Weighted share of mated pairs that match at a weighted FMR of at most `fmr`."""
    others, other_weights = scores[~mated], weights[~mated]
    if fmr * len(others) < 1:
        return None
    order = np.argsort(-others)
    heavy = np.cumsum(other_weights[order]) / other_weights.sum()
    refused = int(np.searchsorted(heavy, fmr, side="right"))
    threshold = others[order][min(refused, len(others) - 1)]
    return float(np.average(scores[mated] > threshold, weights=weights[mated]))


def _resampled(pairs: Pairs, random: np.random.Generator) -> list[NDArray[np.float64]]:
    """Weights of the pairs under draws of people with replacement."""
    people = int(pairs.people.max()) + 1
    one, other = pairs.people[pairs.left], pairs.people[pairs.right]
    weights = []
    for _ in range(RESAMPLES):
        drawn = np.bincount(random.integers(0, people, people), minlength=people)
        pair = np.where(one == other, drawn[one], drawn[one] * drawn[other]).astype(np.float64)
        if pair[pairs.mated].sum() > 0 and pair[~pairs.mated].sum() > 0:
            weights.append(pair)
    return weights
