"""Train a network on labelled faces: `python -m training.train RECIPE --data FACES --out RUN`.

FACES is a folder of shards, a folder with one folder of crops a person, or a RecordIO file
(train.rec). Ctrl-C, SIGTERM and --max-minutes end a run at its checkpoint; --resume goes on as if
nothing had happened. With `run.keep_every = 1` and `run.unit = "epochs"` the state after every
epoch stays in RUN/kept, which is what multi-step distillation follows. `torchrun` starts it on
several GPUs or machines. --dry-run fills a --cache that is named, and trains nothing.
"""

import argparse
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from training.command import carry_out, counted, fit_progress, recipe_parser, stop_asked
from training.data.labelled import FEWEST_PEOPLE, Labelled, open_labelled, split_people
from training.device import choose_device, prepare
from training.distributed import Group, join_group
from training.engine.loop import fit
from training.engine.state import State, new_state, resume_state
from training.errors import DataError
from training.losses.margin import MarginHead
from training.nets.genotype import genotype_json, read_genotype
from training.nets.table import build_net
from training.order import lengths_of
from training.recipe.reader import read_recipe
from training.recipe.train import TrainRecipe
from training.run_folder import Facts, device_words, finish_run, open_run
from training.supervised import CENTRES, NET, LabelledFaces, held_out_check, margin_step

log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Read the recipe, build the parts, train, report."""
    return carry_out(parser(), run, arguments)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = recipe_parser("training.train", __doc__)
    result.add_argument("--data", type=Path, required=True, help="labelled faces")
    result.add_argument("--cache", type=Path, help="folder for what is read once (RUN/data)")
    result.add_argument("--genotype", type=Path, help="JSON file of the cell, as search writes it")
    return result


def run(options: argparse.Namespace) -> None:
    """Carry out one parsed command."""
    recipe = read_recipe(options.recipe, TrainRecipe, options.set)
    if options.genotype:
        net = msgspec.structs.replace(recipe.net, genotype=str(options.genotype))
        recipe = msgspec.structs.replace(recipe, net=net)
    gpu = choose_device(recipe.run).type == "cuda"
    group = join_group("nccl" if gpu else "gloo")
    try:
        with _cache(options) as cache:
            _run(options, recipe, cache, group)
    finally:
        group.close()


@contextmanager
def _cache(options: argparse.Namespace) -> Iterator[Path]:
    """Where faces are kept that were read; gone afterwards if a dry run names no folder."""
    if options.cache or not options.dry_run:
        yield options.cache or options.out / "data"
        return
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _run(options: argparse.Namespace, recipe: TrainRecipe, cache: Path, group: Group) -> None:
    data, held_out = _people(options.data, recipe, cache, group)
    state = build(recipe, len(data.people), group.local_rank)
    if options.resume:
        resume_state(state, options.out)
    lengths = lengths_of(recipe, len(data), group.size)
    if group.writes:
        log.info(
            "%d crops of %d people, %d crops held out; %d presentations done, %d to go",
            len(data),
            len(data.people),
            len(held_out),
            state.presentations,
            max(0, lengths.total - state.presentations),
        )
    if options.dry_run:
        return
    if group.writes:
        facts: Facts = {"data_sha256": data.digest, "crops": len(data), "people": len(data.people)}
        open_run(options.out, recipe, facts, device_words(state.device))
    with fit_progress(visible=group.writes) as show:
        fit(
            state,
            recipe,
            options.out,
            step=margin_step,
            source=LabelledFaces(data),
            check=lambda state: held_out_check(state, held_out, recipe.data.check_crops),
            stopped=stop_asked(options.max_minutes),
            show=show,
            group=group,
        )
    if group.writes:
        left_out = [f"{count} crops left out: {why}." for why, count in data.left_out.items()]
        title = f"{recipe.net.architecture}, {recipe.head.kind}, {len(data.people)} people"
        finish_run(options.out, title, tuple(left_out))


def build(recipe: TrainRecipe, people: int, local_rank: int = 0) -> State:
    """A fresh network with fresh class centres; the same for the same seed."""
    prepare(recipe.run)
    cell = recipe.net.genotype
    genotype = read_genotype(Path(cell)) if cell else None
    net = build_net(recipe.net.architecture, genotype, recipe.stages[0].side)
    head = MarginHead(
        people,
        net.embedding,
        recipe.head.kind,
        scale=recipe.head.scale,
        margin=recipe.head.margin,
        sampled=recipe.head.sampled,
    )
    state = new_state({NET: net, CENTRES: head}, recipe, "train", local_rank=local_rank)
    state.genotype = genotype_json(genotype).decode() if genotype else ""
    return state


def _people(
    source: Path, recipe: TrainRecipe, cache: Path, group: Group
) -> tuple[Labelled, Labelled]:
    """Who is trained on and who is held out; on each machine one process reads first."""
    data: Labelled | None = None
    for turn in (True, False):
        if (group.local_rank == 0) == turn:
            with counted("reading faces", visible=group.writes) as report:
                data = open_labelled(
                    source, cache, fewest_crops=recipe.data.fewest_crops, report=report
                )
        group.wait()
    assert data is not None, "each process has its turn"
    kept, held_out = split_people(data, recipe.data.held_out_share)
    if len(kept.people) < FEWEST_PEOPLE:
        reason = f"{len(kept.people)} of its {len(data.people)} people remain to train on"
        raise DataError(path=source, reason=reason)
    return kept, held_out


if __name__ == "__main__":
    sys.exit(main())
