"""Teach a student what a teacher says of faces: `python -m training.distill RECIPE …`.

FACES is a folder of shards; with answers.view = "same" also a folder with one folder of crops a
person, or a RecordIO file. TEACHER is an ONNX file, a model pack, a run folder or a checkpoint
that a run kept. Answers to plain crops come from the cache that `training.answers` fills.

Ctrl-C, SIGTERM and --max-minutes end a run at its checkpoint; --resume goes on as if nothing had
happened. --branch RUN --anneal N leaves another run alone and lets a copy of its newest state run
for N more (in the recipe's unit) while the rate falls to 0: the way to an interim model.
`torchrun` starts it on several GPUs or machines.
"""

import argparse
import logging
import sys
from pathlib import Path

import msgspec

from core.errors import UsageError
from training.command import carry_out, fit_progress, recipe_parser, stop_asked
from training.data.batches import Faces
from training.device import choose_device, prepare
from training.distillation.build import Parts, build
from training.distillation.check import held_out_cosine
from training.distributed import Group, join_group
from training.engine.loop import fit
from training.engine.state import resume_state
from training.order import Lengths, lengths_of
from training.recipe.distil import DistilRecipe
from training.recipe.reader import read_recipe
from training.run_folder import Facts, device_words, finish_run, open_run

log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Read the recipe, build the parts, train, report."""
    return carry_out(parser(), run, arguments)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = recipe_parser("training.distill", __doc__)
    result.add_argument("--data", type=Path, required=True, help="faces")
    result.add_argument("--teacher", type=Path, help="who answers")
    result.add_argument("--follow", type=Path, help="a run whose kept steps teach in turn")
    result.add_argument("--cache", type=Path, required=True, help="what training.answers filled")
    result.add_argument("--genotype", type=Path, help="JSON file of the cell, as search writes it")
    result.add_argument("--weights", type=Path, help="start from a file of training.compact")
    result.add_argument("--branch", type=Path, help="start from another run's newest state")
    result.add_argument("--anneal", type=float, help="with --branch: length until the rate is 0")
    return result


def run(options: argparse.Namespace) -> None:
    """Carry out one parsed command."""
    if bool(options.branch) != bool(options.anneal):
        raise UsageError(reason="--branch and --anneal belong together")
    if sum(map(bool, (options.resume, options.branch, options.weights))) > 1:
        raise UsageError(reason="--resume, --branch and --weights exclude each other")
    recipe = read_recipe(options.recipe, DistilRecipe, options.set)
    if options.genotype:
        net = msgspec.structs.replace(recipe.net, genotype=str(options.genotype))
        recipe = msgspec.structs.replace(recipe, net=net)
    if options.follow:
        recipe = msgspec.structs.replace(
            recipe, follow=str(options.follow), teachers=(), teachers_file=""
        )
    options.teacher = options.teacher or options.follow
    if not options.teacher:
        raise UsageError(reason="somebody must teach: give --teacher or --follow")
    gpu = choose_device(recipe.run).type == "cuda"
    group = join_group("nccl" if gpu else "gloo")
    try:
        _run(options, recipe, group)
    finally:
        group.close()


def _run(options: argparse.Namespace, recipe: DistilRecipe, group: Group) -> None:
    parts = _parts(options, recipe, group)
    state, recipe = parts.state, parts.recipe
    lengths = lengths_of(recipe, len(parts.faces.shown), group.size)
    if options.resume or options.branch:
        resume_state(state, options.branch or options.out)
    if options.branch:
        recipe = annealed(recipe, lengths, state.presentations, options.anneal)
        state.start = state.presentations
        lengths = lengths_of(recipe, len(parts.faces.shown), group.size)
    if group.writes:
        _say(parts, lengths)
    if options.dry_run:
        return
    if group.writes:
        open_run(options.out, recipe, _facts(parts), device_words(state.device))
    with fit_progress(visible=group.writes) as show:
        fit(
            state,
            recipe,
            options.out,
            step=parts.step,
            source=parts.source,
            check=lambda state: held_out_cosine(state, parts, recipe.data.check_crops),
            stopped=stop_asked(options.max_minutes),
            show=show,
            group=group,
        )
    if group.writes:
        title = f"{recipe.net.architecture}, taught by {parts.teachers}"
        finish_run(options.out, title, _notes(parts.faces))


def _parts(options: argparse.Namespace, recipe: DistilRecipe, group: Group) -> Parts:
    """All parts; on each machine one process fills the cache before the others look there."""
    parts: Parts | None = None
    for turn in (True, False):
        if (group.local_rank == 0) == turn:
            prepare(recipe.run)
            parts = build(
                recipe, options.data, options.cache, options.teacher, group, weights=options.weights
            )
        group.wait()
    assert parts is not None, "each process has its turn"
    return parts


def annealed(
    recipe: DistilRecipe, lengths: Lengths, presentations: int, length: float
) -> DistilRecipe:
    """The recipe of a branch: `length` more while the rate falls linearly to 0."""
    end = presentations / lengths.unit + length
    changed = msgspec.structs.replace(recipe.run, length=end)
    schedule = msgspec.structs.replace(
        recipe.schedule, kind="linear", decay=length, floor=0.0, drops=()
    )
    return msgspec.structs.replace(recipe, run=changed, schedule=schedule)


def _say(parts: Parts, lengths: Lengths) -> None:
    log.info(
        "%d crops in an epoch, %d held out; taught by %s; %d presentations done, %d to go",
        len(parts.faces.shown),
        len(parts.faces.held_out),
        parts.teachers,
        parts.state.presentations,
        max(0, lengths.total - parts.state.presentations),
    )


def _facts(parts: Parts) -> Facts:
    teacher = parts.source.lessons[-1].teacher
    return {
        "data_sha256": parts.faces.digest,
        "teacher": teacher.name,
        "teacher_sha256": teacher.sha256,
        "crops": len(parts.faces),
        "shards": " ".join(name for name, _ in parts.faces.shards),
    }


def _notes(faces: Faces) -> tuple[str, ...]:
    return tuple(f"{count} crops left out: {why}." for why, count in faces.left_out.items())


if __name__ == "__main__":
    sys.exit(main())
