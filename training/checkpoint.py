"""Checkpoints: tensors as safetensors, the rest as JSON, all or nothing on disk, never pickle."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from training.errors import CheckpointError, TrainingDivergedError
from training.order import Position
from training.recipe.sections import NetSection, Section

Kind = TypeVar("Kind", bound=Section)
FORMAT = 2
LAST, PREVIOUS, KEPT = "last", "previous", "kept"
TENSORS, FACTS = "state.safetensors", "state.json"


class Progress(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where a run stands, besides its tensors.

    Attributes:
        kind: Of the recipe: distil, train or search.
        by_side: Presentations by input side, px (as text, because JSON keys are text).
        side: Input size of the saved network, px.
        start: Presentations at which this run or branch began to count.
        genotype: The JSON text of the cell, where it is not the architecture's own.
        recipe: The whole resolved recipe.
    """

    format: int = FORMAT
    kind: str
    step: int
    presentations: int
    by_side: dict[str, int]
    side: int
    start: int = 0
    position: Position
    net: NetSection
    genotype: str = ""
    recipe: dict[str, object]


def save_checkpoint(
    run: Path, progress: Progress, tensors: Mapping[str, Tensor], keep: str = ""
) -> None:
    """Write RUN/last; what was there becomes RUN/previous.

    Args:
        keep: Name under which to keep it in RUN/kept instead.

    Raises:
        TrainingDivergedError: A tensor holds a number that is not finite; nothing is changed.
    """
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise TrainingDivergedError(presentations=progress.presentations, what=name)
    part = run / "part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    save_file({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, part / TENSORS)
    (part / FACTS).write_bytes(msgspec.json.encode(progress))
    if keep:
        place = run / KEPT / keep
        place.parent.mkdir(exist_ok=True)
        shutil.rmtree(place, ignore_errors=True)
        part.rename(place)
        return
    last, previous = run / LAST, run / PREVIOUS
    if last.is_dir():
        shutil.rmtree(previous, ignore_errors=True)
        last.rename(previous)
    part.rename(last)


def is_checkpoint(folder: Path) -> bool:
    """Whether a folder is a run with a checkpoint, or one checkpoint."""
    return any((folder / name / FACTS).is_file() for name in (LAST, PREVIOUS, "."))


def checkpoint_folder(folder: Path) -> Path:
    """Where the newest whole checkpoint of a run lies, or the folder itself if it is one.

    Raises:
        CheckpointError: There is none.
    """
    for place in (folder / LAST, folder / PREVIOUS, folder):
        if (place / FACTS).is_file():
            return place
    raise CheckpointError(path=folder, reason="there is none")


def load_checkpoint(folder: Path) -> tuple[Progress, dict[str, Tensor]]:
    """The newest whole checkpoint of a run folder, or the one that a folder is.

    Raises:
        CheckpointError: There is none, it is damaged, or of an unknown format.
    """
    place = checkpoint_folder(folder)
    try:
        data = (place / FACTS).read_bytes()
        found = msgspec.json.decode(data, type=_Format).format
        if found != FORMAT:
            raise CheckpointError(path=folder, reason=f"its format is {found}, not {FORMAT}")
        return msgspec.json.decode(data, type=Progress), load_file(place / TENSORS)
    except (OSError, msgspec.MsgspecError, SafetensorError) as error:
        raise CheckpointError(path=place, reason=str(error)) from error


def recipe_of(progress: Progress, kind: type[Kind]) -> Kind:
    """The recipe a checkpoint was made with.

    Raises:
        CheckpointError: It is of another kind.
    """
    try:
        return msgspec.convert(progress.recipe, kind)
    except msgspec.ValidationError as error:
        reason = f"its recipe is of a {progress.kind} run ({error})"
        raise CheckpointError(path=Path(), reason=reason) from error


class _Format(msgspec.Struct, frozen=True):
    """The one field that every format has."""

    format: int


def part_of(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors under a prefix, without it."""
    start = f"{prefix}."
    return {name[len(start) :]: value for name, value in tensors.items() if name.startswith(start)}
