"""What changes while training: saved whole, continued bit for bit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

import msgspec
import torch
from torch import Tensor, nn

from core.errors import UsageError
from training.average import Average
from training.checkpoint import Progress, load_checkpoint, part_of, save_checkpoint
from training.device import choose_device
from training.distributed import ALONE, Group
from training.engine.backend import Engine, TorchEngine, precision_of
from training.engine.loss_scale import LossScale
from training.errors import CheckpointError
from training.nets.pocketnet import Resizable, resize_input, resize_kernel
from training.optim import SPATIAL, Optimiser
from training.order import Position
from training.recipe.sections import NetSection, Plan, Section

RESERVED = ("ema", "optim", "extra", "scale")  # first words of tensors that are no module's


class Saveable(Protocol):
    """Whatever else a step needs to continue: an optimiser of its own, for example."""

    def tensors(self) -> dict[str, Tensor]:
        """Everything `load` needs, by name."""
        ...

    def load(self, saved: Mapping[str, Tensor]) -> None:
        """Continue from what `tensors` returned."""
        ...


@dataclass(slots=True)
class State:
    """A run under way.

    Attributes:
        modules: By name; "net" is the network, the others are dropped after training.
        optimiser: Of all modules but those the step drives itself.
        ema: Averaged weights of the network; None where the recipe wants none.
        kind: Of the recipe: distil, train or search.
        group: The processes that train together; a step that updates modules of its own averages
            their gradients with `group.mean_`.
        start: Presentations at which this run or branch began to count.
        rate: Part of the full rate that the running update takes.
        genotype: The JSON text of the network's cell, where it is not the architecture's own.
    """

    modules: dict[str, nn.Module]
    optimiser: Optimiser
    ema: Average | None
    device: torch.device
    extras: Mapping[str, Saveable]
    scale: LossScale
    kind: str
    step: int = 0
    presentations: int = 0
    start: int = 0
    by_side: dict[str, int] = field(default_factory=dict)
    position: Position = field(default_factory=Position)
    rate: float = 0.0
    genotype: str = ""
    group: Group = ALONE
    _engine: Engine | None = None

    @property
    def net(self) -> nn.Module:
        """The network."""
        return self.modules["net"]

    @property
    def side(self) -> int:
        """The network's input size, px."""
        return cast(Resizable, self.net).input_side

    @property
    def epoch(self) -> int:
        """Which time the pictures are gone through, from 1 on."""
        return self.position.epoch

    @property
    def engine(self) -> Engine:
        """What computes gradients; the loop puts it there."""
        assert self._engine is not None, "a step runs inside the loop"
        return self._engine

    @engine.setter
    def engine(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def torch_engine(self) -> TorchEngine:
        """The torch engine, for steps that run their own forward pass.

        Raises:
            UsageError: The recipe chose the fused kernels.
        """
        if not isinstance(self._engine, TorchEngine):
            raise UsageError(reason='this run computes its own loss; set run.engine to "torch"')
        return self._engine


def new_state(
    modules: Mapping[str, nn.Module],
    plan: Plan,
    kind: str,
    *,
    apart: tuple[str, ...] = (),
    extras: Mapping[str, Saveable] | None = None,
    local_rank: int = 0,
) -> State:
    """A run that has not begun, its modules on the device.

    Args:
        modules: "net", with an attribute `input_side`, and any others.
        kind: Of the recipe: distil, train or search.
        apart: Names of modules that the step drives itself.
        extras: What else must be saved, by name.

    Raises:
        UsageError: The recipe's device is not there.
    """
    assert "net" in modules, "every run trains a network"
    assert not set(modules) & set(RESERVED), "these names are taken in checkpoints"
    device = choose_device(plan.run, local_rank)
    placed = {name: module.to(device) for name, module in modules.items()}
    driven = {name: module for name, module in placed.items() if name not in apart}
    average = Average(placed["net"]) if plan.optim.ema else None
    scale = LossScale(needed=precision_of(plan.run, device) == "fp16")
    optimiser = Optimiser(driven, plan.optim)
    return State(placed, optimiser, average, device, dict(extras or {}), scale, kind)


def change_side(state: State, side: int) -> None:
    """Take another input size: network, average and optimiser.

    Raises:
        UsageError: The network cannot take it.
    """
    if side == state.side:
        return
    net = cast(Resizable, state.net)
    if not hasattr(state.net, "tail") or not hasattr(net.tail, "spatial"):
        raise UsageError(reason=f"this network takes {state.side} px only, not {side}")
    old = net.tail.spatial.weight
    try:
        resize_input(net, side)
    except ValueError as error:
        raise UsageError(reason=str(error)) from error
    new = net.tail.spatial.weight
    if state.ema is not None:
        averages = state.ema.tensors()
        state.ema.load(averages | {SPATIAL: resize_kernel(averages[SPATIAL], new.shape[-1])})
    assert isinstance(new, nn.Parameter), "resize_input makes a Parameter"
    state.optimiser.replace(old, new)


def tensors_of(state: State) -> dict[str, Tensor]:
    """Every tensor of a state, under the names that checkpoints have."""
    parts: dict[str, Mapping[str, Tensor]] = {
        name: module.state_dict() for name, module in state.modules.items()
    }
    parts["optim"] = state.optimiser.tensors()
    if state.ema is not None:
        parts["ema"] = state.ema.tensors()
    for name, extra in state.extras.items():
        parts[f"extra.{name}"] = extra.tensors()
    parts["scale"] = state.scale.tensors()
    return {
        f"{part}.{name}": value for part, names in parts.items() for name, value in names.items()
    }


def save(state: State, plan: Plan, run: Path, keep: str = "") -> None:
    """Write the run's checkpoint.

    Args:
        plan: The whole recipe.
        keep: Name under which it is kept for good instead; then it holds the network alone.

    Raises:
        TrainingDivergedError: A number is not finite.
    """
    assert isinstance(plan, Section), "a plan is a recipe"
    progress = Progress(
        kind=state.kind,
        step=state.step,
        presentations=state.presentations,
        by_side=dict(state.by_side),
        side=state.side,
        start=state.start,
        position=state.position,
        net=getattr(plan, "net", NetSection()),
        genotype=state.genotype,
        recipe=msgspec.to_builtins(plan),
    )
    tensors = tensors_of(state)
    if keep:
        tensors = {name: value for name, value in tensors.items() if name.startswith("net.")}
    save_checkpoint(run, progress, tensors, keep)


def resume_state(state: State, run: Path) -> None:
    """Continue where a run was left, in place.

    Args:
        state: A fresh one of the same modules and optimiser.

    Raises:
        CheckpointError: Missing, damaged, or of another kind of run.
    """
    progress, tensors = load_checkpoint(run)
    if progress.kind != state.kind:
        reason = f"it is of a {progress.kind} run, not of a {state.kind} run"
        raise CheckpointError(path=run, reason=reason)
    try:
        change_side(state, progress.side)
        for name, module in state.modules.items():
            module.load_state_dict(part_of(tensors, name))
        state.optimiser.load(part_of(tensors, "optim"))
        state.scale.load(part_of(tensors, "scale"))
        if state.ema is not None:
            state.ema.load(part_of(tensors, "ema"))
        for name, extra in state.extras.items():
            extra.load(part_of(tensors, f"extra.{name}"))
    except (RuntimeError, KeyError, ValueError) as error:
        reason = f"it is of another network or optimiser ({error})"
        raise CheckpointError(path=run, reason=reason) from error
    state.step, state.presentations = progress.step, progress.presentations
    state.by_side, state.position = dict(progress.by_side), progress.position
    state.start = progress.start
