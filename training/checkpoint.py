"""Checkpoints: tensors as safetensors, the rest as JSON, all or nothing on disk, never pickle."""

import shutil
from pathlib import Path

import msgspec
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from training.data.batches import Position
from training.recipe import CheckpointError, Recipe, TrainingDivergedError

FORMAT = 1
LAST, PREVIOUS = "last", "previous"
ENVIRONMENT = "environment.json"


class Progress(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where a run stands, besides its tensors.

    Attributes:
        by_side: Presentations by input side, px (as text, because JSON keys are text).
        side: Input size of the saved network, px.
    """

    format: int = FORMAT
    step: int
    presentations: int
    by_side: dict[str, int]
    side: int
    position: Position
    recipe: Recipe


class Environment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a run was made with, in environment.json.

    Attributes:
        crops: In the shards that had answers, held-out people included.
    """

    python: str
    torch: str
    machine: str
    teacher_sha256: str
    crops: int


def write_environment(run: Path, facts: Environment) -> None:
    """Write RUN/environment.json."""
    (run / ENVIRONMENT).write_bytes(msgspec.json.format(msgspec.json.encode(facts)))


def read_environment(run: Path) -> Environment:
    """Read RUN/environment.json.

    Raises:
        CheckpointError: Missing or damaged.
    """
    try:
        return msgspec.json.decode((run / ENVIRONMENT).read_bytes(), type=Environment)
    except (OSError, msgspec.MsgspecError) as error:
        raise CheckpointError(path=run / ENVIRONMENT, reason=str(error)) from error


def save_checkpoint(run: Path, progress: Progress, tensors: dict[str, Tensor]) -> None:
    """Write RUN/last; what was there becomes RUN/previous.

    Raises:
        TrainingDivergedError: A tensor holds a number that is not finite; nothing is changed.
    """
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise TrainingDivergedError(presentations=progress.presentations, what=name)
    part = run / "part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    save_file(
        {name: tensor.contiguous() for name, tensor in tensors.items()}, part / "state.safetensors"
    )
    (part / "state.json").write_bytes(msgspec.json.encode(progress))
    last, previous = run / LAST, run / PREVIOUS
    if last.is_dir():
        shutil.rmtree(previous, ignore_errors=True)
        last.rename(previous)
    part.rename(last)


def load_checkpoint(run: Path) -> tuple[Progress, dict[str, Tensor]]:
    """The newest whole checkpoint of a run folder.

    Raises:
        CheckpointError: There is none, it is damaged, or of an unknown format.
    """
    folder = run / LAST if (run / LAST).is_dir() else run / PREVIOUS
    try:
        progress = msgspec.json.decode((folder / "state.json").read_bytes(), type=Progress)
        tensors = load_file(folder / "state.safetensors")
    except (OSError, msgspec.MsgspecError, SafetensorError) as error:
        raise CheckpointError(path=folder, reason=str(error)) from error
    if progress.format != FORMAT:
        raise CheckpointError(path=folder, reason=f"its format is {progress.format}, not {FORMAT}")
    return progress, tensors


def part_of(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors under a prefix, without it."""
    start = f"{prefix}."
    return {name[len(start) :]: value for name, value in tensors.items() if name.startswith(start)}
