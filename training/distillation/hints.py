"""Inner maps of a teacher as hints: principal components that the student's maps regress.

A map of some hundred channels is reduced to its strongest components, scaled so that their mean
square is 1; so a hint's weight means the same whatever the teacher. Components of plain crops are
cached; with `answers.view = "same"` the teacher shows its maps of the very view.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.errors import UsageError
from training.data.batches import Faces, read_answers
from training.data.shards import centre
from training.distillation.teachers import Teacher, as_views
from training.engine.backend import Tapped
from training.errors import DataError
from training.losses.distil import map_difference
from training.recipe.distil import Hint

BASIS_CROPS = 512  # whose maps are the sample that components are taken from: 25,000 places at 7×7
ASK_BATCH = 32
NEAR_NAMES = 3  # how many parts of a similar name a refusal offers
MAP_AXES = 4
LEAST_SPREAD = 1e-12  # of a map that is the same everywhere


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """The components of one map of a teacher.

    Attributes:
        mean: (C,) of the map's channels.
        axes: (c, C) orthonormal rows, strongest first.
        scale: By which components are divided.
        explained: Part of the map's variance that they hold, 0–1.
    """

    mean: Tensor
    axes: Tensor
    scale: float
    explained: float

    def components(self, maps: Tensor) -> Tensor:
        """(N, C, h, w) → (N, c, h, w)."""
        device = maps.device
        centred = maps - self.mean.to(device)[:, None, None]
        return torch.einsum("kc,nchw->nkhw", self.axes.to(device), centred) / self.scale


def basis_of(maps: Tensor, count: int, name: str) -> Basis:
    """Components of a sample of maps (N, C, h, w).

    Raises:
        UsageError: It is no map, or has fewer channels than that.
    """
    if maps.ndim != MAP_AXES or maps.shape[1] < count:
        raise UsageError(
            reason=f"{name} is {tuple(maps.shape[1:])}; {count} components need a map (channels, "
            f"height, width) of at least {count} channels"
        )
    places = maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1]).double()
    mean = places.mean(dim=0)
    centred = places - mean
    values, columns = torch.linalg.eigh(centred.T @ centred / len(centred))
    kept = values.flip(0)[:count].clamp_min(0)
    scale = float((kept.sum() / count).sqrt().clamp_min(LEAST_SPREAD))
    explained = float(kept.sum() / values.sum().clamp_min(LEAST_SPREAD))
    axes = columns.T.flip(0)[:count]
    return Basis(mean.float(), axes.float().contiguous(), scale, explained)


def hint_view(name: str, components: int) -> str:
    """Under which view the cache keeps the components of a map."""
    safe = "".join(letter if letter.isalnum() else "-" for letter in name)
    return f"map-{safe}-{components}"


def save_basis(path: Path, basis: Basis) -> None:
    """Write a basis so that a reader sees all of it or nothing."""
    part = path.with_suffix(".part.npz")
    np.savez(
        part,
        mean=basis.mean.numpy(),
        axes=basis.axes.numpy(),
        facts=np.array([basis.scale, basis.explained]),
    )
    part.replace(path)


def load_basis(path: Path) -> Basis | None:
    """A saved basis; None where there is none.

    Raises:
        DataError: It cannot be read.
    """
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            scale, explained = (float(value) for value in stored["facts"])
            mean, axes = torch.from_numpy(stored["mean"]), torch.from_numpy(stored["axes"])
    except (OSError, ValueError, KeyError) as error:
        raise DataError(path=path, reason=f"it is no basis ({error}); delete it") from error
    return Basis(mean, axes, scale, explained)


def basis_path(cache: Path, teacher: str, name: str, components: int) -> Path:
    """Where the components of a teacher's map are kept."""
    return cache / f"{teacher}.{hint_view(name, components)}.npz"


@dataclass(frozen=True, slots=True, eq=False)
class HintTargets:
    """What one hint teaches.

    Attributes:
        cached: (N, c, h, w), components of all plain crops; None where the teacher is asked.
        basis: Of the teacher's map.
        until: Presentations at which the weight is 0.
    """

    hint: Hint
    cached: NDArray[np.floating] | None
    basis: Basis
    until: int

    def weight(self, presentations: int) -> float:
        """Falls linearly to 0."""
        return self.hint.weight * max(0.0, 1 - presentations / self.until)


def plan_hint(
    hint: Hint,
    number: int,
    faces: Faces,
    cache: Path,
    teacher: Teacher,
    *,
    asked: bool,
    until: int,
    device: torch.device,
) -> HintTargets:
    """What a hint teaches, checked before the first step.

    Args:
        number: Of the hint, which is its map's place among the teacher's answers.
        teacher: Opened with the maps of all hints.
        asked: Whether the teacher is asked about every view, so that nothing need be cached.

    Raises:
        DataError: Components that should be cached are not.
        UsageError: The teacher's map is none, or too narrow.
    """
    path = basis_path(cache, teacher.digest, hint.teacher, hint.components)
    basis = load_basis(path)
    view = hint_view(hint.teacher, hint.components)
    cached = None if asked else read_answers(faces, cache, teacher.digest, view)
    if not asked and (cached is None or basis is None):
        raise DataError(
            path=cache,
            reason=f"it lacks components of {teacher.name}'s {hint.teacher}; run training.answers "
            f"with --maps {hint.teacher}:{hint.components}",
        )
    if basis is None:
        chosen = spread_out(np.unique(faces.shown), BASIS_CROPS)
        maps = ask_map(teacher, number, centre(faces.crops(chosen)), device)
        basis = basis_of(maps, hint.components, hint.teacher)
    return HintTargets(hint, cached, basis, until)


def spread_out(indices: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """At most so many of some indices, evenly spread over all of them."""
    return indices[:: max(1, len(indices) // count)][:count]


def ask_map(
    teacher: Teacher, number: int, crops: NDArray[np.uint8], device: torch.device
) -> Tensor:
    """One of a teacher's maps of plain crops: (N, C, h, w), on the CPU.

    Args:
        number: Of the map among those the teacher was opened with.
        crops: uint8 (N, 112, 112, 3), BGR. Not modified.
    """
    starts = range(0, len(crops), ASK_BATCH)
    views = (as_views(crops[start : start + ASK_BATCH], device) for start in starts)
    return torch.cat([teacher.answer(view)[1][number].cpu() for view in views])


def adapters(net: nn.Module, hints: Sequence[Hint], side: int) -> nn.ModuleList:
    """One 1×1 convolution a hint, from the student's map to the teacher's components.

    Args:
        net: The student, on the CPU.
        side: Of its input, px.

    Raises:
        UsageError: The student has no such part, or its output is no map.
    """
    parts = dict(net.named_modules())
    for hint in hints:
        if hint.student not in parts:
            near = ", ".join(difflib.get_close_matches(hint.student, parts, NEAR_NAMES, 0.0))
            raise UsageError(
                reason=f"the student has no part {hint.student}; near names are {near}"
            )
    was_training = net.training
    with torch.no_grad():
        _, *maps = Tapped(net.eval(), [hint.student for hint in hints])(
            torch.zeros(1, 3, side, side)
        )
    net.train(was_training)
    made = nn.ModuleList()
    for hint, found in zip(hints, maps, strict=True):
        if found.ndim != MAP_AXES:
            raise UsageError(reason=f"the student's {hint.student} gives no map")
        made.append(nn.Conv2d(found.shape[1], hint.components, 1))
    return made


def hint_loss(adapter: nn.Module, student: Tensor, components: Tensor) -> Tensor:
    """Mean squared difference between the adapted student's map and the teacher's components."""
    return map_difference(adapter(student), components)
