"""Teach a student a teacher's embeddings: `python -m training.distill RECIPE --help`.

The teacher's answers come from the cache that `training.answers` fills. Ctrl-C, SIGTERM and
--max-minutes end a run at its checkpoint; --resume goes on as if nothing had happened. --anneal N
leaves another run alone and lets a copy of its newest state run for N more presentations while
the rate falls to 0: the way to an interim model.
"""

import argparse
import hashlib
import logging
import platform
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import torch

from core.errors import PocketfaceError
from training import engine
from training.checkpoint import Environment, write_environment
from training.compact import load_compact
from training.data.batches import Faces, open_faces, take
from training.data.shards import centre
from training.losses.distil import cosine_distance
from training.nets.pocketnet import PocketNet, named_pocketnet
from training.recipe import Recipe, read_recipe, write_recipe
from training.subjects import network_of
from training.verification import EMBED_BATCH

OUTPUT_SPREAD = 0.25  # of the teacher's; measured better than 1 at the start of short runs

log = logging.getLogger(__name__)


def start_at_teacher(
    net: PocketNet, answers: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> None:
    """Let the last BatchNorm begin at the teacher's mean and a quarter of its spread, in place.

    Args:
        answers: float32 (N, d), unit length.
    """
    scale = float(np.sqrt(answers.shape[1]))  # so that the numbers are about 1, as BatchNorm's are
    with torch.no_grad():
        net.tail.norm.bias.copy_(torch.from_numpy(answers.mean(axis=0) * scale))
        net.tail.norm.weight.copy_(torch.from_numpy(answers.std(axis=0) * scale * OUTPUT_SPREAD))


def check(state: engine.State, recipe: Recipe, faces: Faces) -> dict[str, float]:
    """Mean cosine between the network and the teacher on people never trained on."""
    indices = faces.held_out[: recipe.run.check_crops]
    if not len(indices):
        return {}
    network = network_of(state.net, "check")
    total = 0.0
    for start in range(0, len(indices), EMBED_BATCH):
        part = indices[start : start + EMBED_BATCH]
        vectors = network.embed(centre(faces.crops(part)))
        total += float((vectors * faces.clean[part]).sum())
    return {"held_out_cosine": total / len(indices)}


def main(arguments: list[str] | None = None) -> int:
    """Read the recipe, build the parts, train."""
    options = parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        run(options)
    except PocketfaceError as error:
        log.error("%s", error.sentence)  # noqa: TRY400 - the sentence is for the person
        return error.exit_code
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="training.distill", description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder of shards")
    parser.add_argument("--teacher", type=Path, required=True, help="the ONNX file that answered")
    parser.add_argument("--cache", type=Path, required=True, help="what training.answers filled")
    parser.add_argument("--out", type=Path, required=True, help="run folder")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE")
    parser.add_argument("--max-minutes", type=float, default=float("inf"))
    parser.add_argument("--resume", action="store_true", help="go on from --out")
    parser.add_argument("--weights", type=Path, help="start from a file of training.compact")
    parser.add_argument("--branch", type=Path, help="start from another run's newest state")
    parser.add_argument("--anneal", type=int, help="with --branch: presentations until rate 0")
    parser.add_argument("--dry-run", action="store_true", help="read everything, train nothing")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> None:
    """Carry out one parsed command."""
    recipe = read_recipe(options.recipe, options.set)
    torch.set_num_threads(1)
    digest = hashlib.sha256(options.teacher.read_bytes()).hexdigest()
    faces = open_faces(options.data, options.cache, digest[:12], recipe.data)
    torch.manual_seed(recipe.run.seed)
    net = named_pocketnet(recipe.net.architecture, recipe.net.genotype, recipe.stages[0].side)
    if options.resume or options.branch:
        state = engine.load(net, recipe, options.branch or options.out)
    elif options.weights:
        header = load_compact(net, options.weights)
        state = engine.new_state(net, recipe)
        state.presentations, state.by_side = header.presentations, dict(header.by_side)
    else:
        start_at_teacher(net, faces.clean[faces.shown])
        state = engine.new_state(net, recipe)
    if options.anneal:
        recipe = annealed(recipe, state.presentations, options.anneal)
        state.start = state.presentations
    log.info(
        "%d crops in an epoch, %d held out, %d presentations done, %d to go",
        len(faces.shown),
        len(faces.held_out),
        state.presentations,
        recipe.run.presentations - state.presentations,
    )
    if options.dry_run:
        return
    options.out.mkdir(parents=True, exist_ok=True)
    write_recipe(options.out / "recipe.toml", recipe)
    write_environment(options.out, environment(digest, len(faces.rows)))
    engine.fit(
        state,
        recipe,
        options.out,
        batches=lambda position, count, stage: take(
            faces,
            position,
            count,
            seed=recipe.run.seed,
            side=stage.side,
            strength=stage.strength,
            targets=recipe.data.targets,
        ),
        loss=cosine_distance,
        check=lambda state: check(state, recipe, faces),
        stopped=stop_asked(options.max_minutes),
    )


def annealed(recipe: Recipe, presentations: int, length: int) -> Recipe:
    """The recipe of a branch: `length` more presentations while the rate falls to 0."""
    changed = msgspec.structs.replace(recipe.run, presentations=presentations + length)
    optim = msgspec.structs.replace(recipe.optim, decay=length)
    return msgspec.structs.replace(recipe, run=changed, optim=optim)


def stop_asked(max_minutes: float) -> Callable[[], bool]:
    """Whether a signal came or the time is over."""
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: asked.set())
    end = time.monotonic() + 60 * max_minutes
    return lambda: asked.is_set() or time.monotonic() > end


def environment(teacher: str, crops: int) -> Environment:
    """Versions and data, for whoever reads the run later."""
    return Environment(
        python=platform.python_version(),
        torch=str(torch.__version__),
        machine=platform.machine(),
        teacher_sha256=teacher,
        crops=crops,
    )


if __name__ == "__main__":
    sys.exit(main())
