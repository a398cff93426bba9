"""Where a model comes from, in words, out of its checkpoint and its run's environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from training.checkpoint import Progress
from training.nets.table import Backbone
from training.subjects import SFACE_SHA256

SFACE = (
    "SFace (face_recognition_sface_2021dec.onnx of opencv_zoo, Apache-2.0; by its authors' account "
    "trained on a cleaned form of MS-Celeb-1M, which is therefore part of this model's history)"
)
FAMILY = re.compile(r"pocketnet-([sm])-(\d+)(-cifar)?")
SHORTEST_DIGEST = 12  # hexadecimal digits that tell files apart in a sentence

Table = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class History:
    """The story of one run.

    Attributes:
        title: One line.
        architecture: Which network, which cell, how many parameters.
        teachers: One line for each step of the teacher; none for supervised training.
        training: What was done, in one sentence.
        presentations: Pictures shown in all.
        recipe: Name of the architecture and the kind of training.
        held_out_share: Part of the labelled people that was never trained on.
    """

    title: str
    architecture: str
    teachers: tuple[str, ...]
    training: str
    presentations: int
    recipe: str
    held_out_share: float


def history_of(net: Backbone, progress: Progress, environment: Table) -> History:
    """The story that checkpoint and environment tell."""
    recipe: Table = progress.recipe
    name = _shown_name(progress.net.architecture)
    teachers = _teachers(recipe, environment) if progress.kind == "distil" else ()
    source = "distilled from SFace" if "SFace" in "".join(teachers) else "distilled"
    parameters = sum(parameter.numel() for parameter in net.parameters())
    size = f"{parameters:,} parameters for {net.input_side}-px input"
    return History(
        title=f"{name}, {source if teachers else 'trained on labelled faces'}",
        architecture=f"{name}, {size}, {_cell(progress)}",
        teachers=teachers,
        training=_training(progress, recipe, teachers),
        presentations=progress.presentations,
        recipe=f"{progress.net.architecture}, {progress.kind}",
        held_out_share=_number(_part(recipe, "data"), "held_out_share"),
    )


def by_side(progress: Progress) -> str:
    """Such as "120,000 at 48 px, 300,000 at 64 px"."""
    sides = sorted(progress.by_side.items(), key=lambda item: int(item[0]))
    return ", ".join(f"{count:,} at {side} px" for side, count in sides)


def _shown_name(architecture: str) -> str:
    family = FAMILY.fullmatch(architecture)
    return f"PocketNet{family[1].upper()}-{family[2]}" if family else architecture


def _cell(progress: Progress) -> str:
    family = FAMILY.fullmatch(progress.net.architecture)
    if progress.genotype:
        return "with a cell of its own, found by this package's search"
    if not progress.net.architecture.startswith("pocketnet"):
        return "as published"
    searched_on = "CIFAR-10" if family and family[3] else "CASIA-WebFace"
    return (
        f"with the cell that Boutros et al. (IEEE Access 2022) searched on {searched_on}; code and "
        "weights are this project's own, and no published weights were used"
    )


def _teachers(recipe: Table, environment: Table) -> tuple[str, ...]:
    """One line a step: who, how much of the answer, and up to where."""
    if recipe.get("follow"):
        name = str(recipe["follow"]).rstrip("/").rsplit("/", 1)[-1]
        return (f"the kept steps of the run '{name}', one after the other",)
    steps = recipe.get("teachers") or [{}]
    unit = str(_part(recipe, "run").get("unit", "presentations"))
    lines: list[str] = []
    for step in steps if isinstance(steps, list) else [{}]:
        model = str(step.get("model") or "")
        words = model.rsplit("/", 1)[-1] if model else _asked(environment)
        if lines and words == SFACE:
            words = "SFace"  # its history has been told
        if step.get("rank"):
            words += f", its answers on their first {step['rank']} principal axes"
        if step.get("until"):
            words += f", up to {step['until']:,.10g} {unit}"
        lines.append(words)
    return tuple(lines)


def _asked(environment: Table) -> str:
    """The teacher of the command line."""
    digest = str(environment.get("teacher_sha256", ""))
    if digest and SFACE_SHA256.startswith(digest):
        return SFACE
    name = str(environment.get("teacher", "")).rsplit("/", 1)[-1] or "an ONNX file"
    return f"{name} (SHA-256 {digest[:SHORTEST_DIGEST]}…)" if digest else name


def _training(progress: Progress, recipe: Table, teachers: tuple[str, ...]) -> str:
    run, optim = _part(recipe, "run"), _part(recipe, "optim")
    kind = "supervised training"
    if teachers:
        steps = "multi-step" if len(teachers) > 1 or recipe.get("follow") else "single-step"
        kind = f"{steps} distillation"
    rates = f"{optim.get('kind', '')} at {_number(optim, 'rate'):g}"
    if optim.get("kind") == "muon":
        rates = f"Muon at {_number(optim, 'matrix_rate'):g} and AdamW at {_number(optim, 'rate'):g}"
    return (
        f"{kind}, {progress.presentations:,} presentations ({by_side(progress)}), "
        f"batch {run.get('batch')}, seed {run.get('seed')}, {rates}; the last weights are shipped"
    )


def _part(recipe: Table, name: str) -> Table:
    part = recipe.get(name)
    return part if isinstance(part, Mapping) else {}


def _number(part: Table, name: str) -> float:
    value = part.get(name, 0.0)
    return float(value) if isinstance(value, int | float) else 0.0
