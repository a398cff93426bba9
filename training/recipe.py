"""Recipes: TOML files read strictly into frozen values, and the errors of this package.

An unknown key, a missing key or a wrong type is an error that names the key, and the nearest
known one where there is one. `--set section.key=value` goes through the same reader.
"""

import difflib
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
import tomli_w

from core.errors import USAGE_EXIT, PocketfaceError

MAX_RECIPE_BYTES = 256 * 1024  # a recipe is about 1 kB; anything longer is not one


class RecipeError(PocketfaceError):
    """A recipe that does not say what a recipe must say."""

    code = "recipe.invalid"
    template = "The recipe '{path}' is not valid: {reason}."
    exit_code = USAGE_EXIT


class DataError(PocketfaceError):
    """A file of pictures, rows or pairs that cannot be used."""

    code = "training.data"
    template = "The training data in '{path}' cannot be used: {reason}."
    exit_code = USAGE_EXIT


class CheckpointError(PocketfaceError):
    """A checkpoint that is missing, damaged, or of another network or format."""

    code = "training.checkpoint"
    template = "The checkpoint in '{path}' cannot be used: {reason}."
    exit_code = USAGE_EXIT


class TrainingDivergedError(PocketfaceError):
    """A loss or weight that is no number any more."""

    code = "training.diverged"
    template = (
        "Training stopped after {presentations} presentations because {what} is not finite; the "
        "last good checkpoint was kept, so lower the rates and resume."
    )


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a recipe: every key is known and has a type."""


class RunSection(Section, frozen=True, kw_only=True):
    """How long, how fast, and how often it is written down.

    Attributes:
        presentations: Pictures shown in all; the rate reaches 0 there if `optim.decay` says so.
        engine: "fused" uses the CPU kernels of this package, "auto" those where they can be used.
        precision: What the fused kernels store between layers; arithmetic is fp32 either way.
        threads: Processor threads.
        checkpoint_s: Seconds between two checkpoints.
        log_steps: Steps between two lines in metrics.jsonl.
        check_crops: Held-out crops on which the cosine to the teacher is logged; 0 is none.
    """

    seed: int = 1
    presentations: int
    batch: int = 32
    engine: Literal["auto", "torch", "fused"] = "auto"
    precision: Literal["fp32", "bf16"] = "bf16"
    threads: int = 1
    checkpoint_s: float = 180.0
    log_steps: int = 50
    check_crops: int = 512


class NetSection(Section, frozen=True, kw_only=True):
    """Which network; `genotype` names a JSON file that replaces the architecture's cell."""

    architecture: str = "pocketnet-s-128"
    genotype: str = ""


class DataSection(Section, frozen=True, kw_only=True):
    """Which crops, and how often.

    Attributes:
        held_out_share: Part of the labelled people that is never trained on.
        turned_weight: How many times as often a turned head (|yaw| above `turned_yaw`) is shown.
        targets: The teacher's answer to the plain crop; to the crop mirrored as the student sees
            it; or the mean of both.
        centre: Teach the answers without their mean over all crops. What all faces share tells
            nobody apart, and a young student spends itself on it.
    """

    held_out_share: float = 0.3
    turned_weight: float = 1.0
    turned_yaw: float = 0.25
    targets: Literal["clean", "view", "mean"] = "clean"
    centre: bool = False


class OptimSection(Section, frozen=True, kw_only=True):
    """Muon for the 1×1 matrices, AdamW for the rest.

    Attributes:
        warm_up: Presentations over which both rates rise from 0.
        decay: Presentations before the end over which they fall to 0, linearly.
        weight_decay: Decoupled, times the rate; not on BatchNorm and PReLU.
        ema: Decay of the averaged weights, per step.
    """

    matrix_rate: float = 0.08
    rate: float = 0.004
    momentum: float = 0.95
    beta2: float = 0.99
    weight_decay: float = 0.05
    warm_up: int = 20_000
    decay: int = 0
    ema: float = 0.998


class Stage(Section, frozen=True, kw_only=True):
    """One leg of the schedule.

    Attributes:
        until: Presentations at which it ends; the last stage goes on to the end.
        side: Input size, px.
        strength: Of the augmentation, 0–1.
    """

    until: int
    side: int
    strength: float


class Recipe(Section, frozen=True, kw_only=True):
    """Everything a distillation needs besides the files."""

    run: RunSection
    net: NetSection = NetSection()
    data: DataSection = DataSection()
    optim: OptimSection = OptimSection()
    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        ends = [stage.until for stage in self.stages]
        if not ends or ends != sorted(set(ends)):
            raise ValueError("the stages' ends must rise")
        if not 0 <= self.data.held_out_share < 1:
            raise ValueError("held_out_share lies between 0 and 1")
        if self.run.batch < 2:  # noqa: PLR2004 - BatchNorm needs a spread
            raise ValueError("a batch has at least 2 pictures")


def read_recipe(path: Path, changes: Sequence[str] = ()) -> Recipe:
    """A recipe from a TOML file.

    Args:
        changes: `section.key=value` each, the value as TOML; a bare word is a string. A stage is
            named by its number: `stages.0.side=64`.

    Raises:
        RecipeError: Unreadable, or not what a recipe must be.
    """
    try:
        data = path.read_bytes()
        if len(data) > MAX_RECIPE_BYTES:
            raise RecipeError(path=path, reason="it is larger than any recipe")
        tree = tomllib.loads(data.decode("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(path=path, reason=str(error)) from error
    for change in changes:
        _apply(path, tree, change)
    _refuse_unknown(path, tree)
    try:
        return msgspec.convert(tree, Recipe)
    except msgspec.ValidationError as error:
        raise RecipeError(path=path, reason=str(error)) from error


def write_recipe(path: Path, recipe: Recipe) -> None:
    """The resolved recipe, every key with its value."""
    path.write_text(tomli_w.dumps(msgspec.to_builtins(recipe)), encoding="utf-8")


def _apply(path: Path, tree: dict[str, object], change: str) -> None:
    key, equals, text = change.partition("=")
    *sections, name = key.split(".")
    place: object = tree
    for section in sections:
        if isinstance(place, list) and section.isdigit() and int(section) < len(place):
            place = place[int(section)]
        elif isinstance(place, dict):
            place = place.setdefault(section, {})
    if not equals or not name or not sections or not isinstance(place, dict):
        raise RecipeError(path=path, reason=f"'{change}' is not of the form section.key=value")
    try:
        place[name] = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        place[name] = text


def _refuse_unknown(path: Path, tree: dict[str, object]) -> None:
    sections: dict[str, type[msgspec.Struct]] = {
        "run": RunSection,
        "net": NetSection,
        "data": DataSection,
        "optim": OptimSection,
        "stages": Stage,
    }
    _check_keys(path, "", tree, list(sections))
    for name, kind in sections.items():
        known = [field.encode_name for field in msgspec.structs.fields(kind)]
        inner = tree.get(name, {})
        for table in inner if isinstance(inner, list) else [inner]:
            if isinstance(table, dict):
                _check_keys(path, f"{name}.", table, known)


def _check_keys(path: Path, prefix: str, table: dict[str, object], known: list[str]) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
            hint = f"; did you mean {prefix}{near[0]}?" if near else ""
            raise RecipeError(path=path, reason=f"there is no key {prefix}{key}{hint}")
