"""The network inside a checkpoint, rebuilt from what the checkpoint says of itself."""

from pathlib import Path
from typing import Literal

from torch import Tensor

from core.errors import UsageError
from training.checkpoint import Progress, load_checkpoint, part_of
from training.errors import CheckpointError, DataError
from training.nets.genotype import parse_genotype
from training.nets.table import Backbone, build_net

Weights = Literal["net", "ema"]


def saved_net(folder: Path, weights: Weights = "net") -> tuple[Backbone, Progress]:
    """The network of a run's newest checkpoint or of one kept checkpoint, in evaluation mode.

    Args:
        folder: A run folder, or a checkpoint such as RUN/kept/0003.
        weights: "net" as the last step left them, or their exponential average "ema".

    Raises:
        CheckpointError: There is none, it is damaged, or it does not fit what it says it is.
    """
    progress, tensors = load_checkpoint(folder)
    try:
        text = progress.genotype.encode()
        genotype = parse_genotype(text, folder) if text else None
        net = build_net(progress.net.architecture, genotype, progress.side)
        averages = _averages(tensors, folder) if weights == "ema" else {}
        net.load_state_dict(part_of(tensors, "net") | averages)
    except (RuntimeError, UsageError, DataError) as error:
        raise CheckpointError(path=folder, reason=f"it is of another network ({error})") from error
    return net.eval(), progress


def _averages(tensors: dict[str, Tensor], folder: Path) -> dict[str, Tensor]:
    averages = part_of(tensors, "ema")
    if not averages:
        raise CheckpointError(path=folder, reason="it holds no averaged weights")
    return averages
