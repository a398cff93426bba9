"""The crops that a distillation shows, and teachers' answers to them."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.data.augment import Draws, normalise, render
from training.data.augment_device import normalised, render_on
from training.data.labelled import Labelled, open_labelled
from training.data.manifest import CropRow, is_held_out, person_is_held_out, shard_names
from training.data.shards import Shard, answers_path, open_shard, shard_digest
from training.errors import DataError
from training.recipe.distil import DataSection

UNLABELLED = -1


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Crops to train on and crops that are held out.

    Attributes:
        crops: int64 indices (n,) → uint8 (n, 128, 128, 3), BGR, a copy.
        labels: int64 (N,), 0…K−1 for people who are trained on, −1 for everyone else.
        people: K.
        shown: Indices of the crops to train on, each as often as it counts in an epoch.
        held_out: Indices of the crops of people who are never trained on.
        shards: Names and sizes, in order; empty where the data are no shards.
        digest: SHA-256 of the crops.
        left_out: How many pictures were not used, by reason.
    """

    crops: Callable[[NDArray[np.int64]], NDArray[np.uint8]]
    labels: NDArray[np.int64]
    people: int
    shown: NDArray[np.int64]
    held_out: NDArray[np.int64]
    shards: tuple[tuple[str, int], ...]
    digest: str
    left_out: dict[str, int]

    def __len__(self) -> int:
        """Number of crops."""
        return len(self.labels)


def answered_shards(data: Path, cache: Path, teacher: str) -> tuple[str, ...]:
    """The shards for which the cache holds a teacher's answers: those that are trained on.

    Args:
        teacher: First twelve digits of its file's SHA-256.

    Raises:
        DataError: There is none.
    """
    names = tuple(
        name for name in shard_names(data) if answers_path(cache, name, teacher, "clean").is_file()
    )
    if not names:
        raise DataError(path=cache, reason="no shard has answers yet; run training.answers first")
    return names


def open_faces(
    data: Path, cache: Path, section: DataSection, names: Sequence[str] | None = None
) -> Faces:
    """The crops of a folder of shards, or of any labelled source.

    Args:
        data: Shards, people's folders or a RecordIO file.
        names: Shards to use; None is all.

    Raises:
        DataError: Nothing there can be used.
    """
    if data.is_dir() and any(data.glob("*.csv.gz")):
        return _shard_faces(data, cache, section, shard_names(data) if names is None else names)
    if section.turned_weight > 1:
        reason = "it does not say how far heads are turned, so data.turned_weight must be 1"
        raise DataError(path=data, reason=reason)
    labelled = open_labelled(data, cache)
    held = np.array([person_is_held_out(name, section.held_out_share) for name in labelled.people])
    return _labelled_faces(labelled, held)


def _shard_faces(data: Path, cache: Path, section: DataSection, names: Sequence[str]) -> Faces:
    shards = [open_shard(data, name, cache) for name in names]
    rows = [row for shard in shards for row in shard.rows]
    held = np.array([is_held_out(row, section.held_out_share) for row in rows])
    people = sorted(
        {row.person for row, out in zip(rows, held, strict=True) if row.person and not out}
    )
    numbers = {person: number for number, person in enumerate(people)}
    left_out: dict[str, int] = {}
    for shard in shards:
        for reason, count in shard.left_out.items():
            left_out[reason] = left_out.get(reason, 0) + count
    digests = "".join(shard_digest(shard, cache) for shard in shards)
    return Faces(
        crops=lambda indices: _read(shards, indices),
        labels=np.array([numbers.get(row.person, UNLABELLED) for row in rows], dtype=np.int64),
        people=len(people),
        shown=_counted(rows, np.flatnonzero(~held), section),
        held_out=np.flatnonzero(held),
        shards=tuple((shard.name, len(shard.rows)) for shard in shards),
        digest=digests if len(shards) == 1 else _digest_of(digests),
        left_out=left_out,
    )


def _digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _labelled_faces(labelled: Labelled, held: NDArray[np.bool_]) -> Faces:
    outside = held[labelled.labels]
    numbers = np.cumsum(~held) - 1
    return Faces(
        crops=labelled.crops,
        labels=np.where(outside, UNLABELLED, numbers[labelled.labels]),
        people=int((~held).sum()),
        shown=np.flatnonzero(~outside),
        held_out=np.flatnonzero(outside),
        shards=(),
        digest=labelled.digest,
        left_out=labelled.left_out,
    )


def _read(shards: Sequence[Shard], indices: NDArray[np.int64]) -> NDArray[np.uint8]:
    ends = np.cumsum([len(shard.rows) for shard in shards])
    owners = np.searchsorted(ends, indices, side="right")
    return np.stack(
        [
            shards[owner].crops[index - ends[owner]]  # negative: counted from the shard's end
            for owner, index in zip(owners, indices, strict=True)
        ]
    )


def _counted(
    rows: Sequence[CropRow], indices: NDArray[np.int64], section: DataSection
) -> NDArray[np.int64]:
    """Turned heads repeated: whole times, and the rest for every n-th of them."""
    turned = np.array([abs(rows[index].yaw) > section.turned_yaw for index in indices])
    extra = section.turned_weight - 1
    more = indices[turned]
    repeated = [more] * int(extra) + [more[: round(len(more) * (extra % 1))]]
    return np.concatenate([indices, *repeated]) if extra > 0 else indices


def read_answers(faces: Faces, cache: Path, teacher: str, view: str) -> NDArray[np.float32] | None:
    """A teacher's cached answers to all crops, (N, …); None where a shard has none.

    Args:
        teacher: First twelve digits of its file's SHA-256.
        view: Of `training.answers`, such as "clean".

    Raises:
        DataError: An array does not fit its crops.
    """
    parts = []
    for name, size in faces.shards:
        path = answers_path(cache, name, teacher, view)
        if not path.is_file():
            return None
        answers = np.load(path, mmap_mode="r", allow_pickle=False)
        if answers.ndim < 2 or len(answers) != size or answers.dtype.kind != "f":  # noqa: PLR2004 - a row of numbers each
            raise DataError(path=path, reason="the answers do not fit the crops; delete them")
        parts.append(answers)
    return np.concatenate(parts) if parts else None


def views_of(crops: NDArray[np.uint8], draws: Draws, side: int, device: torch.device) -> Tensor:
    """Rendered views on the training device: float32 (N, 3, side, side), RGB, 0–255.

    Args:
        crops: uint8 (N, 128, 128, 3), BGR. Not modified.
    """
    if device.type != "cpu":
        return render_on(device, crops, draws, side)
    rgb = render(crops, draws, side)[..., ::-1].transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(rgb))


def images_of(crops: NDArray[np.uint8], draws: Draws, side: int, device: torch.device) -> Tensor:
    """Rendered views as a network's input: RGB, (x − 127.5) / 127.5.

    Args:
        crops: uint8 (N, 128, 128, 3), BGR. Not modified.
    """
    if device.type != "cpu":
        return normalised(render_on(device, crops, draws, side))
    return torch.from_numpy(normalise(render(crops, draws, side)))
