"""The only training loop: order, schedule, sizes, averaging, checkpoints and the log."""

import gc
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from core.errors import UsageError
from training import engine_cpu
from training.average import Average
from training.checkpoint import Progress, load_checkpoint, part_of, save_checkpoint
from training.data.batches import Batch, Position
from training.nets.pocketnet import PocketNet, resize_input, resize_kernel
from training.optim import Optimiser, rate_share
from training.recipe import CheckpointError, Recipe, RunSection, Stage, TrainingDivergedError

SPATIAL = "tail.spatial.weight"  # the one parameter whose shape follows the input size
EMA_START = 10  # the average follows quickly at first: decay is at most (1 + step) / (10 + step)

Loss = Callable[[Tensor], Tensor]


class Engine(Protocol):
    """What computes gradients: PyTorch, or the fused kernels."""

    def embed_and_backward(self, images: Tensor, loss_of_embedding: Loss) -> Tensor:
        """The detached loss; gradients are left on the network's parameters."""
        ...


class TorchEngine:
    """The network as PyTorch runs it, in channels-last order."""

    def __init__(self, net: PocketNet) -> None:
        self._net = net
        for module in net.modules():
            if isinstance(module, nn.Conv2d):
                with torch.no_grad():
                    module.weight.data = module.weight.contiguous(memory_format=torch.channels_last)

    def embed_and_backward(self, images: Tensor, loss_of_embedding: Loss) -> Tensor:
        """Forward with batch statistics, backward."""
        images = images.contiguous(memory_format=torch.channels_last)
        loss = loss_of_embedding(self._net(images))
        torch.autograd.backward(loss)
        return loss.detach()


@dataclass(slots=True)
class State:
    """What changes while training.

    Attributes:
        start: Presentations at which this run or branch began to count its decay.
    """

    net: PocketNet
    optimiser: Optimiser
    ema: Average
    step: int = 0
    presentations: int = 0
    start: int = 0
    by_side: dict[str, int] = field(default_factory=dict)
    position: Position = field(default_factory=Position)


def new_state(net: PocketNet, recipe: Recipe) -> State:
    """A run that has not begun."""
    return State(net, Optimiser(net, recipe.optim), Average(net))


def choose_engine(section: RunSection, net: PocketNet) -> Engine:
    """The engine a recipe asks for.

    Raises:
        UsageError: The fused kernels are asked for and cannot be used here.
    """
    reason = engine_cpu.available() if section.engine != "torch" else "not asked for"
    # The fused kernels bring threads of their own; torch's spin, and would fight with them over
    # the little that is left to do.
    torch.set_num_threads(1 if reason is None else section.threads)
    if reason is None:
        return engine_cpu.FusedEngine(net, precision=section.precision, threads=section.threads)
    if section.engine == "fused":
        raise UsageError(reason=reason)
    return TorchEngine(net)


def fit(
    state: State,
    recipe: Recipe,
    run: Path,
    *,
    batches: Callable[[Position, int, Stage], tuple[Batch, Position]],
    loss: Callable[[Tensor, Tensor], Tensor],
    check: Callable[[State], dict[str, float]],
    stopped: Callable[[], bool],
) -> None:
    """Train until the recipe's end or until `stopped`; the last state is saved either way.

    Args:
        state: Changed in place.
        run: Folder for checkpoints and metrics.jsonl.
        batches: (position, count, stage) → batch and the position after it.
        loss: (embedding, targets) → scalar.
        check: Figures on held-out data, logged with every checkpoint.

    Raises:
        TrainingDivergedError: A loss is not finite; the last checkpoint is kept.
    """
    run.mkdir(parents=True, exist_ok=True)
    engine = choose_engine(recipe.run, state.net)
    log = Log(run, state)
    saved_at = time.monotonic()
    # What exists now stays until the end; searching it for garbage took 5 % of a step.
    gc.collect()
    gc.freeze()
    while state.presentations < recipe.run.presentations and not stopped():
        stage = stage_at(recipe, state.presentations)
        if stage.side != state.net.input_side:
            change_side(state, stage.side)
            engine = choose_engine(recipe.run, state.net)
        batch, position = batches(state.position, recipe.run.batch, stage)
        value = train_step(state, engine, recipe, batch, loss)
        state.position = position
        log.add(value, len(batch.images))
        if state.step % recipe.run.log_steps == 0:
            log.write(kind="train", side=stage.side, share=share_now(state, recipe))
        if time.monotonic() - saved_at > recipe.run.checkpoint_s:
            save(state, recipe, run)
            log.write(kind="check", side=stage.side, **check(state))
            saved_at = time.monotonic()
    save(state, recipe, run)
    log.write(kind="end", side=state.net.input_side, **check(state))


def train_step(
    state: State,
    engine: Engine,
    recipe: Recipe,
    batch: Batch,
    loss: Callable[[Tensor, Tensor], Tensor],
) -> float:
    """One update of the network and of its average; returns the loss.

    Raises:
        TrainingDivergedError: The loss is not finite; nothing was updated but the statistics.
    """
    state.net.train()
    state.net.zero_grad()
    value = float(engine.embed_and_backward(batch.images, lambda out: loss(out, batch.targets)))
    if not math.isfinite(value):
        raise TrainingDivergedError(presentations=state.presentations, what="the loss")
    state.optimiser.step(share_now(state, recipe))
    state.step += 1
    state.presentations += len(batch.images)
    side = str(state.net.input_side)
    state.by_side[side] = state.by_side.get(side, 0) + len(batch.images)
    decay = min(recipe.optim.ema, (1 + state.step) / (EMA_START + state.step))
    state.ema.follow(state.net, decay)
    return value


def share_now(state: State, recipe: Recipe) -> float:
    """Part of the full rate at this point of the run."""
    optim = recipe.optim
    return rate_share(
        state.presentations, recipe.run.presentations, optim.warm_up, optim.decay, state.start
    )


def stage_at(recipe: Recipe, presentations: int) -> Stage:
    """The leg of the schedule that a count of presentations falls into."""
    for stage in recipe.stages:
        if presentations < stage.until:
            return stage
    return recipe.stages[-1]


def change_side(state: State, side: int) -> None:
    """Take another input size: network, average and optimiser."""
    old = state.net.tail.spatial.weight
    resize_input(state.net, side)
    kernel = state.net.tail.spatial.weight.shape[-1]
    averages = state.ema.tensors()
    state.ema.load(averages | {SPATIAL: resize_kernel(averages[SPATIAL], kernel)})
    new = state.net.tail.spatial.weight
    assert isinstance(new, nn.Parameter), "resize_input makes a Parameter"
    state.optimiser.replace(old, new)


def save(state: State, recipe: Recipe, run: Path) -> None:
    """Write the run's checkpoint. Raises TrainingDivergedError where a number is not finite."""
    tensors = {f"net.{name}": value for name, value in state.net.state_dict().items()}
    tensors |= {f"ema.{name}": value for name, value in state.ema.tensors().items()}
    tensors |= {f"optim.{name}": value for name, value in state.optimiser.tensors().items()}
    progress = Progress(
        step=state.step,
        presentations=state.presentations,
        by_side=state.by_side,
        side=state.net.input_side,
        position=state.position,
        recipe=recipe,
    )
    save_checkpoint(run, progress, tensors)


def load(net: PocketNet, recipe: Recipe, run: Path) -> State:
    """The state a run was left in.

    Args:
        net: Of the recipe's architecture; its weights and input size are replaced.

    Raises:
        CheckpointError: Missing, damaged, or of another network.
    """
    progress, tensors = load_checkpoint(run)
    try:
        resize_input(net, progress.side)
        state = new_state(net, recipe)
        net.load_state_dict(part_of(tensors, "net"))
        state.optimiser.load(part_of(tensors, "optim"))
        state.ema.load(part_of(tensors, "ema"))
    except (RuntimeError, KeyError, ValueError) as error:
        raise CheckpointError(path=run, reason=f"it is of another network ({error})") from error
    state.step, state.presentations = progress.step, progress.presentations
    state.by_side, state.position = dict(progress.by_side), progress.position
    return state


class Log:
    """metrics.jsonl: one line of figures at a time, appended."""

    def __init__(self, run: Path, state: State) -> None:
        self._path = run / "metrics.jsonl"
        self._state = state
        self._losses: list[float] = []
        self._shown = 0
        self._wall, self._cpu = time.monotonic(), time.process_time()

    def add(self, loss: float, shown: int) -> None:
        """Note one step."""
        self._losses.append(loss)
        self._shown += shown

    def write(self, *, kind: str, side: int, **figures: float) -> None:
        """Append a line about the steps since the last one."""
        wall, cpu = time.monotonic(), time.process_time()
        line: dict[str, float | str] = {
            "kind": kind,
            "presentations": self._state.presentations,
            "side": side,
            **{name: round(value, 5) for name, value in figures.items()},
        }
        if self._losses:
            line["loss"] = round(sum(self._losses) / len(self._losses), 5)
            line["images_per_s"] = round(self._shown / (wall - self._wall), 1)
            line["cpu_ms"] = round(1000 * (cpu - self._cpu) / self._shown, 2)
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")
        self._losses, self._shown = [], 0
        self._wall, self._cpu = wall, cpu
