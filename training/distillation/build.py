"""All parts of a distillation, made and checked before the first step."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import torch
from torch import nn

from core.errors import UsageError
from training.compact import CompactHeader, load_compact
from training.data.batches import Faces, answered_shards, open_faces
from training.device import choose_device
from training.distillation.hints import HintTargets, adapters, plan_hint
from training.distillation.lessons import Lesson, plan_lessons, steps_of
from training.distillation.source import DistilSource
from training.distillation.step import ADAPTERS, CENTRES, NET, DistilStep
from training.distillation.teachers import Teacher, open_teacher
from training.distillation.view_answers import ViewAnswers
from training.distributed import Group
from training.engine.state import State, new_state
from training.losses.margin import MarginHead
from training.nets.genotype import genotype_json, read_genotype
from training.nets.pocketnet import PocketNet
from training.nets.table import Backbone, build_net
from training.order import Lengths, lengths_of
from training.recipe.distil import DistilRecipe

OUTPUT_SPREAD = 0.25  # of the teacher's; measured better than 1 at the start of short runs


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What the loop is given.

    Attributes:
        recipe: With its teachers, wherever it named them.
        teachers: Their names, for people.
    """

    recipe: DistilRecipe
    state: State
    faces: Faces
    source: DistilSource
    step: DistilStep
    teachers: str


def build(
    recipe: DistilRecipe,
    data: Path,
    cache: Path,
    teacher: Path,
    group: Group,
    *,
    weights: Path | None = None,
) -> Parts:
    """Open data and teachers, check everything against everything, make a fresh student.

    Args:
        teacher: The one of the command line.
        weights: A file of `training.compact` that the student starts from.

    Raises:
        PocketfaceError: Anything that would keep the run from reaching its end.
    """
    device = choose_device(recipe.run, group.local_rank)
    usual = open_teacher(teacher, device, [hint.teacher for hint in recipe.hints])
    faces = _faces(recipe, data, cache, usual)
    lengths = lengths_of(recipe, len(faces.shown), group.size)
    cell = read_genotype(Path(recipe.net.genotype)) if recipe.net.genotype else None
    net = build_net(recipe.net.architecture, cell, recipe.stages[0].side)
    modules = _modules(recipe, net, faces)
    steps = steps_of(recipe)
    if _other_teachers(recipe):
        recipe = msgspec.structs.replace(recipe, teachers=steps, teachers_file="", follow="")
    lessons = plan_lessons(
        recipe,
        steps,
        lengths,
        faces,
        cache,
        usual=usual,
        size=net.embedding,
        device=device,
    )
    hints = _hints(recipe, lengths, faces, cache, usual, lessons, device)
    start_at_teacher(net, lessons[0])
    header = _load_weights(net, weights) if weights else None
    state = new_state(modules, recipe, "distil", local_rank=group.local_rank)
    if header:
        state.presentations, state.by_side = header.presentations, dict(header.by_side)
    state.genotype = genotype_json(cell).decode() if cell else ""
    kept = None
    if recipe.answers.repeats:
        kept = ViewAnswers(
            cache,
            crops=len(faces),
            size=net.embedding,
            repeats=recipe.answers.repeats,
            seed=recipe.run.seed,
            digest=faces.digest,
        )
    source = DistilSource(faces, recipe, lessons, hints, kept)
    names = " → ".join(dict.fromkeys(lesson.teacher.name for lesson in lessons))
    return Parts(recipe, state, faces, source, DistilStep(recipe.loss, tuple(hints)), names)


def _faces(recipe: DistilRecipe, data: Path, cache: Path, usual: Teacher) -> Faces:
    """All faces, or those of the shards that the teacher has answered to so far."""
    shards = data.is_dir() and any(data.glob("*.csv.gz"))
    if not shards and recipe.answers.view != "same":
        raise UsageError(
            reason='answers are cached for shards only; set answers.view to "same", or make '
            "shards with training.prepare"
        )
    answered = shards and recipe.answers.view != "same" and not _other_teachers(recipe)
    names = answered_shards(data, cache, usual.digest) if answered else None
    return open_faces(data, cache, recipe.data, names)


def _load_weights(net: Backbone, file: Path) -> CompactHeader:
    if not isinstance(net, PocketNet):
        raise UsageError(reason="--weights holds a PocketNet, and the recipe's network is none")
    return load_compact(net, file)


def _other_teachers(recipe: DistilRecipe) -> bool:
    return bool(recipe.teachers or recipe.teachers_file or recipe.follow)


def _hints(
    recipe: DistilRecipe,
    lengths: Lengths,
    faces: Faces,
    cache: Path,
    usual: Teacher,
    lessons: Sequence[Lesson],
    device: torch.device,
) -> list[HintTargets]:
    if recipe.hints and any(lesson.teacher is not usual for lesson in lessons):
        raise UsageError(reason="hints are of one teacher, the command line's, throughout")
    asked = recipe.answers.view == "same"
    return [
        plan_hint(
            hint,
            number,
            faces,
            cache,
            usual,
            asked=asked,
            until=lengths.of(hint.until) or lengths.total,
            device=device,
        )
        for number, hint in enumerate(recipe.hints)
    ]


def _modules(recipe: DistilRecipe, net: Backbone, faces: Faces) -> dict[str, nn.Module]:
    modules: dict[str, nn.Module] = {NET: net}
    if recipe.hints:
        modules[ADAPTERS] = adapters(net, recipe.hints, recipe.stages[0].side)
    if recipe.loss.margin:
        if not faces.people:
            raise UsageError(reason="loss.margin needs labelled people, and these faces have none")
        modules[CENTRES] = MarginHead(
            faces.people, net.embedding, scale=recipe.loss.scale, margin=recipe.loss.margin_rad
        )
    return modules


def start_at_teacher(net: Backbone, lesson: Lesson) -> None:
    """Let the last BatchNorm begin at the teacher's mean and a quarter of its spread, in place."""
    norm = net.tail.norm
    scale = float(np.sqrt(len(lesson.spread)))  # so that numbers are about 1, as BatchNorm's are
    with torch.no_grad():
        norm.bias.copy_(lesson.taught_mean * scale)
        if norm.weight.requires_grad:
            norm.weight.copy_(lesson.spread * scale * OUTPUT_SPREAD)
