"""In which order pictures are shown: a function of the seed and of where a run stands.

Nothing is drawn and forgotten, so a checkpoint holds no random state, and a resumed run sees what
an uninterrupted one would.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import UsageError
from training.recipe.sections import Plan, Stage


class Position(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a run stands in its data.

    Attributes:
        epoch: Which shuffle of the pictures.
        taken: How many of that shuffle were shown.
        crops: How many pictures that shuffle has; another number starts the next epoch.
    """

    epoch: int = 0
    taken: int = 0
    crops: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Portion:
    """What one forward pass of one process is made of.

    Attributes:
        indices: int64 (n,), into the pictures of an epoch, shuffled.
        seed: For `numpy.random.default_rng`; no other portion of the run has it.
        epoch: Which shuffle they come from.
        presentations: Shown before this step.
        progress: Part of the run that is over, 0–1.
    """

    indices: NDArray[np.int64]
    seed: tuple[int, ...]
    epoch: int
    presentations: int
    progress: float
    stage: Stage
    device: torch.device


@dataclass(frozen=True, slots=True)
class Lengths:
    """The recipe's lengths in presentations.

    Attributes:
        global_batch: Pictures of one update, over all processes and accumulation.
        unit: Presentations in one unit of the recipe.
        total: At which the run ends.
    """

    global_batch: int
    unit: float
    total: int

    def of(self, amount: float) -> int:
        """A length of the recipe in presentations."""
        return round(amount * self.unit)


@dataclass(frozen=True, slots=True)
class Share:
    """Which part of each update this process makes."""

    rank: int = 0
    size: int = 1


def lengths_of(plan: Plan, count: int, processes: int = 1) -> Lengths:
    """The recipe's lengths for an epoch of `count` pictures.

    The rest of an epoch that fills no update is left out, so an epoch may be a little shorter.

    Raises:
        UsageError: There are fewer pictures than one update shows, or there is nothing to do.
    """
    run = plan.run
    batch = run.batch * run.accumulate * processes
    if count < batch:
        raise UsageError(
            reason=f"there are {count} pictures to train on, and one update shows {batch}; lower "
            "run.batch"
        )
    units = {"presentations": 1.0, "steps": float(batch), "epochs": float(count // batch * batch)}
    unit = units[run.unit]
    total = round(run.length * unit)
    if total < batch:
        raise UsageError(
            reason=f"run.length is {total} presentations, less than one update of {batch}"
        )
    return Lengths(batch, unit, total)


def stage_at(plan: Plan, lengths: Lengths, presentations: int) -> Stage:
    """The leg of the run that a count of presentations falls into."""
    for stage in plan.stages[:-1]:
        if presentations < lengths.of(stage.until):
            return stage
    return plan.stages[-1]


def next_start(position: Position, count: int, global_batch: int) -> Position:
    """Where the next update begins: here, or at the start of the next epoch."""
    if position.crops != count or position.taken + global_batch > count:
        return Position(position.epoch + 1, 0, count)
    return position


def portions(
    plan: Plan,
    lengths: Lengths,
    start: Position,
    presentations: int,
    *,
    share: Share,
    device: torch.device,
) -> Iterator[Portion]:
    """This process's portions of one update, one for each forward pass.

    Args:
        start: As `next_start` gave it.
        presentations: Shown before this update.
    """
    run = plan.run
    order = np.random.default_rng((run.seed, start.epoch)).permutation(start.crops)
    for turn in range(run.accumulate):
        first = start.taken + (share.rank * run.accumulate + turn) * run.batch
        yield Portion(
            indices=order[first : first + run.batch],
            seed=(run.seed, start.epoch, first),
            epoch=start.epoch,
            presentations=presentations,
            progress=min(1.0, presentations / lengths.total),
            stage=stage_at(plan, lengths, presentations),
            device=device,
        )
