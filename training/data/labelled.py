"""Crops with the people on them, from whatever they are stored in: shards, folders, RecordIO.

Whatever the source, labels are made from the data, damaged pictures are counted by reason, and
crops come out as uint8 BGR with the margin that augmentation needs.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.capture.files import natural_key
from training.data.encoded import FolderSource, RecordSource, Report, no_report, open_encoded
from training.data.manifest import person_is_held_out, shard_names
from training.data.shards import open_shard, shard_digest
from training.errors import DataError

FEWEST_PEOPLE = 2  # telling one person from nobody is no task


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Crops of labelled people.

    Attributes:
        labels: int64 (N,), 0…K−1.
        people: The K names, in the order of the labels.
        left_out: How many crops were not used, by reason.
        digest: SHA-256 of all pictures of the source and of who is on them.
        read: int64 places (n,) → uint8 (n, 128, 128, 3), BGR.
        places: int64 (N,): where `read` finds each crop.
    """

    labels: NDArray[np.int64]
    people: tuple[str, ...]
    left_out: dict[str, int]
    digest: str
    read: Callable[[NDArray[np.int64]], NDArray[np.uint8]]
    places: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of crops."""
        return len(self.labels)

    def crops(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        """uint8 (n, 128, 128, 3), BGR, a copy: the face with 8 px on each side.

        Where a source stores 112-px crops its edge is repeated. Safe from several threads.
        """
        return self.read(self.places[indices])

    def take(self, indices: NDArray[np.int64]) -> "Labelled":
        """Only these crops; labels run from 0 again, people without crops are gone."""
        kept, labels = np.unique(self.labels[indices], return_inverse=True)
        return replace(
            self,
            labels=labels.astype(np.int64),
            people=tuple(self.people[label] for label in kept),
            places=self.places[indices],
        )


def open_labelled(
    source: Path, cache: Path, *, fewest_crops: int = 1, report: Report = no_report
) -> Labelled:
    """The labelled crops of a source.

    Args:
        source: A folder of shards (NAME.tar with NAME.csv.gz), a folder of people's folders, a
            RecordIO file, or a folder with one (`train.rec`). Crops have 112 or 128 px.
        cache: Folder for what is read once and kept; made where absent.
        fewest_crops: People with fewer are left out, and counted.
        report: Told how many pictures were looked at and how many there are.

    Raises:
        DataError: None of these, no usable picture, or fewer than two people.
    """
    kind = _kind(source)
    if kind == "shards":
        data = _from_shards(source, cache, report)
    elif kind == "folders":
        data = _from_encoded(FolderSource(source), source, cache, report)
    else:
        data = _from_encoded(RecordSource(_record_path(source)), source, cache, report)
    counts = np.bincount(data.labels, minlength=len(data.people))
    enough = np.flatnonzero(counts[data.labels] >= fewest_crops)
    few = len(data) - len(enough)
    if few:
        reason = f"of a person with fewer than {fewest_crops}"
        data = replace(data.take(enough), left_out={**data.left_out, reason: few})
    if len(data.people) < FEWEST_PEOPLE:
        raise DataError(
            path=source, reason=f"it holds {len(data)} usable crops of {len(data.people)} people"
        )
    return data


def split_people(data: Labelled, share: float) -> tuple[Labelled, Labelled]:
    """(kept, held out): no person is in both.

    The choice is a hash of the name, so that it needs no list and stays the same when people
    join or leave.

    Args:
        share: Part of the people that is held out, 0–1.
    """
    held = np.array([person_is_held_out(person, share) for person in data.people])
    outside = held[data.labels]
    return data.take(np.flatnonzero(~outside)), data.take(np.flatnonzero(outside))


def _kind(source: Path) -> str:
    if source.suffix == ".bin":
        reason = "a .bin file holds pairs to measure with, not people to train on"
        raise DataError(path=source, reason=reason)
    if source.suffix == ".rec" or (source.is_dir() and any(source.glob("*.rec"))):
        return "records"
    if not source.is_dir():
        raise DataError(path=source, reason="it is neither a folder nor a RecordIO file (.rec)")
    return "shards" if any(source.glob("*.csv.gz")) else "folders"


def _record_path(source: Path) -> Path:
    if source.suffix == ".rec":
        return source
    found = sorted(source.glob("*.rec"))
    if len(found) > 1:
        reason = f"it holds {len(found)} RecordIO files; name one of them"
        raise DataError(path=source, reason=reason)
    return found[0]


def _from_encoded(
    opener: FolderSource | RecordSource, source: Path, cache: Path, report: Report
) -> Labelled:
    stored = open_encoded(opener, source, cache, report)
    return _labelled(stored.people, stored.left_out, stored.digest, stored.read, stored.places)


def _from_shards(source: Path, cache: Path, report: Report) -> Labelled:
    parts, people, left_out = [], [], dict[str, int]()
    digest = hashlib.sha256()
    names = shard_names(source)
    for done, name in enumerate(names):
        report(done, len(names))
        shard = open_shard(source, name, cache)
        parts.append(shard.crops)
        people += [row.person for row in shard.rows]
        digest.update(shard_digest(shard, cache).encode())
        for reason, count in shard.left_out.items():
            left_out[reason] = left_out.get(reason, 0) + count
    ends = np.cumsum([len(part) for part in parts])

    def read(places: NDArray[np.int64]) -> NDArray[np.uint8]:
        owners = np.searchsorted(ends, places, side="right")
        found = [
            parts[owner][place - ends[owner]]  # negative: counted from the shard's end
            for owner, place in zip(owners, places, strict=True)
        ]
        return np.stack(found)

    places = np.flatnonzero([person != "" for person in people])
    if len(places) < len(people):
        left_out["without an identity"] = len(people) - len(places)
    named = [people[place] for place in places]
    return _labelled(named, left_out, digest.hexdigest(), read, places)


def _labelled(
    people: list[str],
    left_out: dict[str, int],
    digest: str,
    read: Callable[[NDArray[np.int64]], NDArray[np.uint8]],
    places: NDArray[np.int64],
) -> Labelled:
    names = sorted(set(people), key=natural_key)
    numbers = {name: number for number, name in enumerate(names)}
    labels = np.array([numbers[person] for person in people], dtype=np.int64)
    return Labelled(labels, tuple(names), left_out, digest, read, places)
