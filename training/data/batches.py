"""Batches of views with the teacher's answers, in an order that needs no state but a position."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.data.augment import augmented_views
from training.data.manifest import CropRow, is_held_out, shard_names
from training.data.shards import answers_path, open_shard
from training.recipe import DataError, DataSection


class Position(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a run stands in its data.

    Attributes:
        epoch: Which shuffle of the crops.
        taken: How many of that shuffle were shown.
        crops: How many crops that shuffle has; another number starts the next epoch.
    """

    epoch: int = 0
    taken: int = 0
    crops: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step sees.

    Attributes:
        images: float32 (N, 3, side, side), RGB, (x − 127.5) / 127.5.
        targets: float32 (N, d), unit length.
    """

    images: Tensor
    targets: Tensor


@dataclass(frozen=True, slots=True)
class Faces:
    """All crops that have answers.

    Attributes:
        rows: One a crop, over all shards.
        parts: By shard, uint8 (n, 128, 128, 3), BGR, memory-mapped.
        clean: float32 (N, d): answers to the plain crops.
        mirror: The same for mirrored crops; None where not every shard has them.
        shown: Indices of the crops to train on, each as often as it counts in an epoch.
        held_out: Indices of the crops of people who are never trained on.
    """

    rows: tuple[CropRow, ...]
    parts: tuple[NDArray[np.uint8], ...]
    clean: NDArray[np.float32]
    mirror: NDArray[np.float32] | None
    shown: NDArray[np.int64]
    held_out: NDArray[np.int64]

    def crops(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        """uint8 (n, 128, 128, 3), BGR, copied."""
        ends = np.cumsum([len(part) for part in self.parts])
        owners = np.searchsorted(ends, indices, side="right")
        return np.stack(
            [
                self.parts[owner][index - ends[owner]]  # negative: counted from the shard's end
                for owner, index in zip(owners, indices, strict=True)
            ]
        )


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


def open_faces(data: Path, cache: Path, teacher: str, section: DataSection) -> Faces:
    """The crops of all shards for which the cache holds the teacher's answers.

    Args:
        teacher: First twelve digits of its file's SHA-256.

    Raises:
        DataError: No shard has answers, or an array does not fit.
    """
    rows: list[CropRow] = []
    parts, clean, mirror = [], [], []
    names = answered_shards(data, cache, teacher)
    for name in names:
        shard = open_shard(data, name, cache)
        rows += shard.rows
        parts.append(shard.crops)
        clean.append(_answers(answers_path(cache, name, teacher, "clean"), len(shard.rows)))
        path = answers_path(cache, name, teacher, "mirror")
        if path.is_file():
            mirror.append(_answers(path, len(shard.rows)))
    complete = len(mirror) == len(names)
    if not complete and section.targets != "clean":
        raise DataError(path=cache, reason="not every shard has mirrored answers yet")
    held = np.array([is_held_out(row, section.held_out_share) for row in rows])
    plain = np.concatenate(clean)
    mean = plain.mean(axis=0) if section.centre else np.zeros(plain.shape[1], dtype=np.float32)
    return Faces(
        rows=tuple(rows),
        parts=tuple(parts),
        clean=_unit(plain - mean),
        mirror=_unit(np.concatenate(mirror) - mean) if complete else None,
        shown=_counted(rows, np.flatnonzero(~held), section),
        held_out=np.flatnonzero(held),
    )


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def take(
    faces: Faces,
    position: Position,
    count: int,
    *,
    seed: int,
    side: int,
    strength: float,
    targets: str,
) -> tuple[Batch, Position]:
    """The next batch and the position after it.

    Order and augmentation depend on seed and position alone, so a resumed run sees exactly what
    an uninterrupted one would.
    """
    if position.crops != len(faces.shown) or position.taken + count > position.crops:
        position = Position(position.epoch + 1, 0, len(faces.shown))
    order = _shuffle(seed, position.epoch, len(faces.shown))
    indices = faces.shown[order[position.taken : position.taken + count]]
    random = np.random.default_rng((seed, position.epoch, position.taken))
    views = augmented_views(faces.crops(indices), side, strength, random)
    answers = _targets(faces, indices, views.mirrored, targets)
    after = Position(position.epoch, position.taken + count, position.crops)
    return Batch(torch.from_numpy(views.images), torch.from_numpy(answers)), after


def _answers(path: Path, count: int) -> NDArray[np.float32]:
    answers = np.load(path)
    if answers.ndim != 2 or len(answers) != count or answers.dtype != np.float32:  # noqa: PLR2004 - a matrix
        raise DataError(path=path, reason="the answers do not fit the crops; delete them")
    return np.asarray(answers, dtype=np.float32)


def _counted(
    rows: Sequence[CropRow], indices: NDArray[np.int64], section: DataSection
) -> NDArray[np.int64]:
    """Turned heads repeated: whole times, and the rest for every n-th of them."""
    turned = np.array([abs(rows[index].yaw) > section.turned_yaw for index in indices])
    extra = section.turned_weight - 1
    more = indices[turned]
    repeated = [more] * int(extra) + [more[: round(len(more) * (extra % 1))]]
    return np.concatenate([indices, *repeated]) if extra > 0 else indices


def _shuffle(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    return np.random.default_rng((seed, epoch)).permutation(count)


def _targets(
    faces: Faces, indices: NDArray[np.int64], mirrored: NDArray[np.bool_], kind: str
) -> NDArray[np.float32]:
    clean = faces.clean[indices]
    if kind == "clean" or faces.mirror is None:
        return clean
    mirror = faces.mirror[indices]
    if kind == "view":
        return np.where(mirrored[:, None], mirror, clean)
    return _unit(clean + mirror)
