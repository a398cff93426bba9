"""The vectors of a set's pictures in several views, each computed once per model and kept."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from training.evaluation.comparisons import Floats, unit
from training.evaluation.pictures import Pictures
from training.evaluation.vector_cache import VectorCache
from training.subjects import EMBED_BATCH, Network

Crops = NDArray[np.uint8]
View = Callable[[Crops], Crops]
"""What is done to a crop (112, 112, 3) before it is embedded."""

Shown = Callable[[range, str], Iterable[int]]
"""Passes numbers on while showing progress under a title."""

PLAIN, MIRROR = "plain", "mirror"
BOTH: Mapping[str, View] = {PLAIN: lambda crop: crop, MIRROR: lambda crop: crop[:, ::-1]}


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """What one network says about the pictures of a set, not normalised.

    Attributes:
        by_view: float32 (pictures, d) each; NaN where a picture gave no crop.
        left_out: How many pictures gave no crop, by reason.
    """

    by_view: Mapping[str, Floats]
    left_out: Mapping[str, int]

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Which pictures gave a finite vector in every view: bool (pictures,)."""
        finite = [np.isfinite(vectors).all(axis=1) for vectors in self.by_view.values()]
        return np.asarray(np.stack(finite).all(axis=0))

    def single(self, view: str = PLAIN) -> Floats:
        """Unit vectors of one view; 0 for unusable pictures."""
        return unit(np.nan_to_num(self.by_view[view]))

    def flipped(self) -> Floats:
        """Unit vectors of plain and mirrored crop, added as they come out of the network."""
        return unit(np.nan_to_num(self.by_view[PLAIN] + self.by_view[MIRROR]))


@dataclass(slots=True)
class _Growing:
    """Rows of several views while pictures are read."""

    network: Network
    views: Mapping[str, View]
    total: int
    waiting: list[tuple[int, Crops]] = field(default_factory=list)
    rows: dict[str, Floats] = field(default_factory=dict)

    def embed_waiting(self) -> None:
        """Run what waits through the network, in every view."""
        for name, view in self.views.items():
            crops = np.stack([view(crop) for _, crop in self.waiting])
            answers = self.network.raw(crops)
            blank = np.full((self.total, answers.shape[1]), np.nan, dtype=np.float32)
            rows = self.rows.setdefault(name, blank)
            rows[[place for place, _ in self.waiting]] = answers
        self.waiting = []


def embed_views(
    network: Network,
    pictures: Pictures,
    views: Mapping[str, View],
    cache: Path | None,
    shown: Shown,
) -> Vectors:
    """The vectors of all pictures of a set.

    Args:
        views: By name; the same name always means the same view, because it is the cache's key.
        cache: Folder where they are kept by model, input and pictures; None for nowhere.
    """
    digest = hashlib.sha256(network.model + msgspec.json.encode(network.spec))
    digest.update(pictures.digest().encode())
    kept = VectorCache(cache, digest.hexdigest())
    found = {name: kept.vectors(name, len(pictures)) for name in views}
    by_view = {name: vectors for name, vectors in found.items() if vectors is not None}
    left_out = kept.left_out()
    if left_out is None or len(by_view) < len(views):
        missing = {name: view for name, view in views.items() if name not in by_view}
        fresh = _embed(network, pictures, missing or views, shown)
        kept.keep(fresh.by_view, fresh.left_out)
        by_view |= fresh.by_view
        left_out = dict(fresh.left_out)
    return Vectors({name: by_view[name] for name in views}, left_out)


def embed_all(network: Network, crops: NDArray[np.uint8], shown: Shown) -> Floats:
    """Unit vectors, float32 (N, d), of crops (N, 112, 112, 3), BGR."""
    starts = range(0, len(crops), EMBED_BATCH)
    parts = [
        network.embed(crops[start : start + EMBED_BATCH]) for start in shown(starts, network.name)
    ]
    return np.concatenate(parts)


def _embed(
    network: Network, pictures: Pictures, views: Mapping[str, View], shown: Shown
) -> Vectors:
    left_out: Counter[str] = Counter()
    growing = _Growing(network, views, len(pictures))
    for index in shown(range(len(pictures)), network.name):
        crop = pictures.crop(index)
        if isinstance(crop, str):
            left_out[crop] += 1
        else:
            growing.waiting.append((index, crop))
        if len(growing.waiting) == EMBED_BATCH:
            growing.embed_waiting()
    if growing.waiting:
        growing.embed_waiting()
    nothing = np.full((len(pictures), 1), np.nan, dtype=np.float32)
    return Vectors({name: growing.rows.get(name, nothing) for name in views}, left_out)
