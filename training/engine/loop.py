"""The only training loop: order, schedule, sizes, clipping, averaging, checkpoints and the log."""

import gc
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from training.device import seed_step
from training.distributed import ALONE, Group
from training.engine.backend import choose_engine
from training.engine.feed import Feed, Source, Update
from training.engine.log import Log, Show, quiet
from training.engine.state import State, change_side, save
from training.errors import TrainingDivergedError
from training.order import Lengths, lengths_of
from training.recipe.sections import Plan
from training.schedule import Point, rate_share

EMA_START = 10  # the average follows quickly at first: decay is at most (1 + step) / (10 + step)

Batch = TypeVar("Batch")
Figures = Mapping[str, float | Tensor]
Step = Callable[[State, Batch], Figures]


@dataclass(frozen=True, slots=True)
class Work(Generic[Batch]):
    """What is trained on, and towards.

    Attributes:
        step: (state, batch) → figures with "loss". Adds gradients to the parameters'.
        check: Figures on held-out data, logged with every checkpoint.
        stopped: Whether the run must end at its checkpoint.
        show: Told after each step how far the run is.
    """

    step: Step[Batch]
    source: Source[Batch]
    check: Callable[[State], Mapping[str, float]]
    stopped: Callable[[], bool]
    show: Show
    group: Group


def fit(
    state: State,
    plan: Plan,
    run: Path,
    *,
    step: Step[Batch],
    source: Source[Batch],
    check: Callable[[State], Mapping[str, float]] = lambda _state: {},
    stopped: Callable[[], bool] = lambda: False,
    show: Show = quiet,
    group: Group = ALONE,
) -> None:
    """Train until the recipe's end or until `stopped`; the last state is saved either way.

    Args:
        state: Changed in place.
        plan: The whole recipe.
        run: Folder for checkpoints, metrics.jsonl and events.

    Raises:
        TrainingDivergedError: A loss is not finite; the last checkpoint is kept.
        UsageError: The recipe asks for what the data, the network or the machine cannot do.
    """
    lengths = lengths_of(plan, source.count, group.size)
    work = Work(step, source, check, stopped, show, group)
    if group.writes:
        run.mkdir(parents=True, exist_ok=True)
    state.group = group
    log = Log(run if group.writes else None, state.presentations, lengths.total, show)
    # What exists now stays until the end; searching it for garbage took 5 % of a step.
    gc.collect()
    gc.freeze()
    try:
        with Feed(source, plan, lengths, state, group) as feed:
            ended = _turn(state, plan, run, work, lengths, feed, log)
    finally:
        gc.unfreeze()
    _save(state, plan, run, group)
    log.write(state.presentations, ended, {"side": state.side, **check(state)})


def _turn(
    state: State,
    plan: Plan,
    run: Path,
    work: Work[Batch],
    lengths: Lengths,
    feed: Feed[Batch],
    log: Log,
) -> str:
    """Update after update; returns "end" or "stopped"."""
    saved_at = time.monotonic()
    kept = _kept(plan, lengths, state.presentations)
    prepared_side = 0
    while state.presentations < lengths.total:
        due = time.monotonic() - saved_at > plan.run.checkpoint_s
        asked, due = work.group.any(work.stopped(), due, device=state.device)
        if asked:
            return "stopped"
        if due:
            _save(state, plan, run, work.group)
            log.write(state.presentations, "check", {"side": state.side, **work.check(state)})
            saved_at = time.monotonic()
        update = feed.next()
        if update.side != prepared_side:
            change_side(state, update.side)
            state.engine = choose_engine(plan.run, state.net, state.device, state.scale)
            prepared_side = update.side
        figures = train_update(state, plan, work, update, lengths)
        log.add(figures, lengths.global_batch // work.group.size, state.presentations)
        if state.step % plan.run.log_steps == 0:
            log.write(state.presentations, "train", {"side": state.side, "rate": state.rate})
        if _kept(plan, lengths, state.presentations) > kept:
            kept = _kept(plan, lengths, state.presentations)
            _save(state, plan, run, work.group, keep=f"{kept:04d}")
    return "end"


def train_update(
    state: State, plan: Plan, work: Work[Batch], update: Update[Batch], lengths: Lengths
) -> dict[str, float]:
    """One update of all modules and of the average; returns the mean figures.

    Raises:
        TrainingDivergedError: The loss is not finite; nothing was updated but the statistics.
    """
    seed_step(plan.run.seed, state.step)
    point = Point(state.presentations, lengths.total, state.start)
    state.rate = rate_share(plan.schedule, point, lengths)
    for module in state.modules.values():
        module.train()
        module.zero_grad()
    figures = [_floats(work.step(state, batch)) for batch in update.batches]
    mean = {name: sum(each[name] for each in figures) / len(figures) for name in figures[0]}
    (bad,) = work.group.any(not math.isfinite(mean["loss"]), device=state.device)
    if bad:
        raise TrainingDivergedError(presentations=state.presentations, what="the loss")
    if _finish_gradients(state, plan, work.group, len(figures), mean):
        state.optimiser.step(state.rate)
    _count(state, update, lengths)
    if state.ema is not None:
        decay = min(plan.optim.ema, (1 + state.step) / (EMA_START + state.step))
        state.ema.follow(state.net, decay)
    return mean


def _floats(figures: Figures) -> dict[str, float]:
    return {name: float(value) for name, value in figures.items()}


def _finish_gradients(
    state: State, plan: Plan, group: Group, passes: int, figures: dict[str, float]
) -> bool:
    """Mean over passes and processes, unscaled and clipped; False where the step is left out."""
    gradients = [
        parameter.grad
        for module in state.modules.values()
        for parameter in module.parameters()
        if parameter.grad is not None
    ]
    if passes > 1:
        for gradient in gradients:
            gradient.div_(passes)
    group.mean_(gradients)
    good = state.scale.unscale_(gradients)
    if good and plan.optim.clip:
        norm = nn.utils.clip_grad_norm_(state.net.parameters(), plan.optim.clip)
        figures["gradient_norm"] = float(norm)
        if not math.isfinite(figures["gradient_norm"]):
            raise TrainingDivergedError(presentations=state.presentations, what="the gradient")
    return good


def _count(state: State, update: Update[Batch], lengths: Lengths) -> None:
    state.position = update.after
    state.step += 1
    state.presentations += lengths.global_batch
    side = str(update.side)
    state.by_side[side] = state.by_side.get(side, 0) + lengths.global_batch


def _kept(plan: Plan, lengths: Lengths, presentations: int) -> int:
    """How many checkpoints are due to be kept by now."""
    every = lengths.of(plan.run.keep_every)
    return presentations // every if every else 0


def _save(state: State, plan: Plan, run: Path, group: Group, keep: str = "") -> None:
    """Save in the first process; statistics, which each process has its own, become their mean."""
    buffers = [
        buffer
        for module in state.modules.values()
        for buffer in module.buffers()
        if buffer.is_floating_point()
    ]
    group.mean_(buffers)
    if state.ema is not None:
        group.mean_([state.ema.vector])
    if group.writes:
        save(state, plan, run, keep)
    if torch.distributed.is_available() and group.size > 1:
        torch.distributed.barrier()
