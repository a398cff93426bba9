"""Search an architecture: `python -m training.search RECIPE --data FACES --out RUN`.

A supernet that carries every candidate operation on every edge is trained on one half of the
faces, and the weights of the candidates on the other; after each epoch the strongest make the cell.
RUN/genotype.json is what `training.train` and `training.distill` take with --genotype, RUN/cells
holds a picture for each epoch, RUN/alphas.json the numbers behind them.

FACES is a folder of shards; for goal.objective = "labels" also a folder with one folder of crops a
person, or a RecordIO file. The other objectives need --teacher, whose answers lie in --cache where
`training.answers` put them. Ctrl-C, SIGTERM and --max-minutes end a search at its checkpoint;
--resume goes on as if nothing had happened. --dry-run fills the cache and searches nothing.
"""

import argparse
import hashlib
import logging
import sys
from pathlib import Path

import msgspec

from core.errors import UsageError
from training.command import carry_out, counted, fit_progress, recipe_parser, stop_asked
from training.device import choose_device
from training.distributed import Group, join_group
from training.engine.loop import fit
from training.engine.state import State, resume_state
from training.errors import DataError
from training.nets.genotype import genotype_json
from training.order import lengths_of
from training.recipe.reader import read_recipe
from training.recipe.search import SearchRecipe
from training.run_folder import device_words, finish_run, open_run
from training.search.build import alphas_of, build
from training.search.fused import FusedPasses
from training.search.halves import Halves, split_halves
from training.search.history import History, write_cell
from training.search.pictures import Pictures, answered_pictures, labelled_pictures
from training.search.step import SearchStep

log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Read the recipe, build the parts, search, report."""
    return carry_out(parser(), run, arguments)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = recipe_parser("training.search", __doc__)
    result.add_argument("--data", type=Path, required=True, help="faces")
    result.add_argument("--cache", type=Path, help="folder for what is read once (RUN/data)")
    result.add_argument("--teacher", type=Path, help="the ONNX file whose answers --cache holds")
    return result


def run(options: argparse.Namespace) -> None:
    """Carry out one parsed command."""
    recipe = read_recipe(options.recipe, SearchRecipe, options.set)
    group = join_group("nccl" if choose_device(recipe.run).type == "cuda" else "gloo")
    try:
        _run(options, recipe, group)
    finally:
        group.close()


def _run(options: argparse.Namespace, recipe: SearchRecipe, group: Group) -> None:
    pictures = open_pictures(options, recipe, group)
    train, valid = split_halves(pictures.people, recipe.run.seed)
    halves = Halves(pictures.crops, pictures.targets, train, valid)
    lengths = lengths_of(recipe, halves.count, group.size)
    state, step, history = build(recipe, pictures, group.local_rank)
    if options.resume:
        resume_state(state, options.out)
    if group.writes:
        log.info(
            "%d pictures in each half, %d parameters in the supernet; %d presentations done, "
            "%d to go",
            halves.count,
            sum(parameter.numel() for parameter in state.net.parameters()),
            state.presentations,
            max(0, lengths.total - state.presentations),
        )
    if options.dry_run:
        return
    out: Path = options.out
    if group.writes:
        open_run(out, recipe, pictures.facts, device_words(state.device))
    asked = stop_asked(options.max_minutes)

    def settled() -> bool:
        note_epoch(state, history, lengths.global_batch, out)
        return history.is_settled(recipe.goal.stable_epochs)

    with fit_progress(visible=group.writes) as show:
        fit(
            state,
            for_loop(recipe, step),
            out,
            step=step,
            source=halves,
            stopped=lambda: settled() or asked(),
            show=show,
            group=group,
        )
    settled()
    if group.writes:
        report(out, recipe, history, state, pictures)


def open_pictures(options: argparse.Namespace, recipe: SearchRecipe, group: Group) -> Pictures:
    """The faces and what is to be said about them; on each machine one process reads first.

    Raises:
        UsageError: The objective needs a teacher and none is named.
        DataError: The faces cannot be used.
    """
    cache = options.cache or options.out / "data"
    needs_teacher = recipe.goal.objective != "labels"
    if needs_teacher and options.teacher is None:
        raise UsageError(reason=f'goal.objective = "{recipe.goal.objective}" needs --teacher')
    teacher = _sha256(options.teacher) if needs_teacher else ""
    pictures: Pictures | None = None
    for turn in (True, False):
        if (group.local_rank == 0) == turn:
            with counted("reading faces", visible=group.writes) as report_progress:
                pictures = (
                    answered_pictures(
                        options.data, cache, teacher, recipe.data, recipe.goal, recipe.run.seed
                    )
                    if needs_teacher
                    else labelled_pictures(options.data, cache, recipe.data, report_progress)
                )
        group.wait()
    assert pictures is not None, "each process has its turn"
    return pictures


def for_loop(recipe: SearchRecipe, step: SearchStep) -> SearchRecipe:
    """The recipe as the loop needs it, since a search computes its own gradients.

    The loop's own engine stays idle; where the kernels work, torch keeps to one thread, because
    its threads spin and would fight with theirs. Differences of second order need every digit.
    """
    run = msgspec.structs.replace(recipe.run, engine="torch")
    if isinstance(step.passes, FusedPasses):
        run = msgspec.structs.replace(run, threads=1)
    if recipe.alphas.order == "second" and run.precision == "auto":
        run = msgspec.structs.replace(run, precision="fp32")
    return msgspec.structs.replace(recipe, run=run)


def note_epoch(state: State, history: History, global_batch: int, out: Path) -> None:
    """Add the epoch that has just ended to the history, once, and write its files."""
    position = state.position
    over = position.crops > 0 and position.taken + global_batch > position.crops
    if not over or len(history) >= state.epoch:
        return
    history.add(alphas_of(state).table())
    if state.group.writes:
        history.write(out)


def report(
    out: Path, recipe: SearchRecipe, history: History, state: State, pictures: Pictures
) -> None:
    """The cell as it stands, every curve, and report.md."""
    table = alphas_of(state).table()
    genotype = write_cell(out, table, recipe.goal.rule, "The cell found", "cell.png")
    if len(history):
        history.draw(out)
    notes = [f"{count} pictures left out: {why}." for why, count in pictures.left_out.items()]
    notes.append(f"{len(history)} epochs ended; the last {history.stable_epochs()} with one cell.")
    notes.append(
        f"The cell, in `genotype.json` and `cell.png`: `{genotype_json(genotype).decode()}`"
    )
    finish_run(out, f"Search by {recipe.goal.objective}", tuple(notes))


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(path=path, reason=str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
