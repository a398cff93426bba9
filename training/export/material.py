"""What a pack is judged on and described by, gathered once for every form of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.manifest import is_held_out, read_manifest, shard_names
from training.evaluation.groups import NOBODY, StatedFaces, read_groups
from training.evaluation.sets import PairSet
from training.export.history import History
from training.operating import read_faces

CENTRE_CROPS = 2_000  # training faces; their mean is then known to about 1/45 of the spread


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Faces, sets and words.

    Attributes:
        mated: Names of the sets whose mated pairs the operating points count misses on.
        trained: uint8 (n, 112, 112, 3), BGR: faces that were trained on.
        strangers: The same of people who were not, one crop each.
        stated: Faces whose file names state a group.
        crops: How many crops were trained on, by source.
        note: A sentence for the history; may be empty.
        licence: Of the pack, where whoever made the pictures says so; empty where nobody does.
    """

    history: History
    embedding: int
    sets: tuple[PairSet, ...]
    mated: tuple[str, ...]
    trained: NDArray[np.uint8]
    strangers: NDArray[np.uint8]
    stated: StatedFaces
    crops: Counter[str]
    cache: Path
    note: str
    licence: str


def gather(
    data: Path,
    cache: Path,
    history: History,
    embedding: int,
    sets: Sequence[PairSet],
    mated: Sequence[str],
    note: str,
    licence: str,
) -> Material:
    """Read the faces.

    Args:
        data: The labelled source that was trained on.

    Raises:
        DataError: It cannot be used, or nobody was held out.
    """
    share = history.held_out_share
    trained, strangers = read_faces(data, cache, share, CENTRE_CROPS)
    shards = data.is_dir() and any(data.glob("*.csv.gz"))
    return Material(
        history=history,
        embedding=embedding,
        sets=tuple(sets),
        mated=tuple(mated),
        trained=trained,
        strangers=strangers,
        stated=read_groups(data, cache) if shards else NOBODY,
        crops=trained_crops(data, share) if shards else Counter({data.name: len(trained)}),
        cache=cache,
        note=note,
        licence=licence,
    )


def trained_crops(data: Path, share: float) -> Counter[str]:
    """How many crops of each source of a folder of shards are trained on."""
    rows = (row for name in shard_names(data) for row in read_manifest(data / f"{name}.csv.gz"))
    return Counter(row.source for row in rows if not is_held_out(row, share))
