"""The network that is searched in: a PocketNet whose every edge carries every operation at once.

Operations and preprocessing are those of the final network (training.nets.pocketnet), but their
BatchNorms have no scale and no shift: with a scale, an operation could make up for a small weight
in the mixture, and the mixture would say nothing about it. Nor does any BatchNorm keep running
statistics: a supernet is never used but in training, on whole batches.

Source: Boutros et al., PocketNet, IEEE Access 2022; Liu et al., DARTS, ICLR 2019.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from training.nets import pocketnet
from training.nets.genotype import NODES, OPERATION_NAMES, OWN_INPUTS, Operation
from training.nets.pocketnet import (
    TAIL_WIDTH,
    FactorizedReduce,
    Pool,
    Separable,
    Shape,
    Tail,
    map_side,
)
from training.search.space import NONE, PLACES, Mixing

TAIL_GROUPS = 128  # of the published supernet's last spatial convolution; final nets have 512

TailKind = Literal["published", "final"]


@dataclass(frozen=True, slots=True)
class SupernetShape:
    """What tells supernets apart.

    Attributes:
        shape: Width, cells and embedding, as of a final network.
        stem_multiplier: Stem channels over width: 3 as published, 4 as in final networks.
        tail: The last spatial convolution in 128 groups as published, or depthwise as in final
            networks.
        operations: Candidates on every edge.
    """

    shape: Shape
    stem_multiplier: int = 3
    tail: TailKind = "published"
    operations: tuple[Operation, ...] = OPERATION_NAMES


class MixedEdge(nn.Module):
    """The weighted sum of all operations on one edge.

    Attributes:
        columns: Of the table of alphas, for each of `operations`. `none` has no operation: it adds
            nothing, and only takes weight from the others.
    """

    def __init__(self, operations: tuple[Operation, ...], width: int, stride: int) -> None:
        super().__init__()
        self.columns = tuple(i for i, name in enumerate(operations) if name != NONE)
        self.operations = nn.ModuleList(
            without_scale(pocketnet.OPERATIONS[operations[column]](width, stride))
            for column in self.columns
        )

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        """(N, C, H, W) and (operations,) → (N, C, ⌈H/stride⌉, ⌈W/stride⌉)."""
        parts = [
            operation(x) * weights[column]
            for column, operation in zip(self.columns, self.operations, strict=True)
        ]
        return _total(parts)


class MixedCell(nn.Module):
    """One cell with all its fourteen edges.

    Attributes:
        width: Channels of a node.
        reduction: Whether it halves the map; edges from its two inputs then have stride 2.
        edges: One for each of `PLACES`.
    """

    def __init__(
        self,
        operations: tuple[Operation, ...],
        inputs: tuple[int, int],
        width: int,
        *,
        after_reduction: bool,
        reduction: bool,
    ) -> None:
        super().__init__()
        before, last = inputs
        self.reduction = reduction
        self.width = width
        first = (
            FactorizedReduce(before, width) if after_reduction else Separable(before, width, 1, 1)
        )
        self.preprocess = nn.ModuleList(
            [without_scale(first), without_scale(Separable(last, width, 1, 1))]
        )
        self.edges = nn.ModuleList(
            MixedEdge(operations, width, 2 if reduction and place.source < OWN_INPUTS else 1)
            for place in PLACES
        )

    def forward(self, before: Tensor, last: Tensor, weights: Tensor) -> Tensor:
        """Outputs of cells k−2 and k−1, weights (14, operations) → (N, 4·width, H, W)."""
        states = [self.preprocess[0](before), self.preprocess[1](last)]
        arriving: list[list[Tensor]] = [[] for _ in range(NODES)]
        for place, edge, row in zip(PLACES, self.edges, weights, strict=True):
            if place.source >= len(states):
                states.append(_total(arriving[len(states) - OWN_INPUTS]))
            arriving[place.node].append(edge(states[place.source], row))
        states.append(_total(arriving[-1]))
        return torch.cat(states[OWN_INPUTS:], dim=1)


class Supernet(nn.Module):
    """The whole network.

    Args:
        input_side: Of the square input, px; a multiple of 8. The last spatial convolution is as
            large as the last map.

    Raises:
        ValueError: A size the reductions cannot halve.
    """

    def __init__(self, plan: SupernetShape, input_side: int) -> None:
        super().__init__()
        self.plan = plan
        self.input_side = input_side
        self.embedding = plan.shape.embedding
        channels = plan.stem_multiplier * plan.shape.width
        self.stem = nn.Conv2d(3, channels, 3, 2, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(channels)
        self.cells = nn.ModuleList()
        before = last = channels
        width = plan.shape.width
        after_reduction = False
        for index in range(plan.shape.cells):
            reduction = index in plan.shape.reductions
            width *= 2 if reduction else 1
            cell = MixedCell(
                plan.operations,
                (before, last),
                width,
                after_reduction=after_reduction,
                reduction=reduction,
            )
            self.cells.append(cell)
            before, last, after_reduction = last, NODES * width, reduction
        self.tail = _tail(plan, last, map_side(input_side))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
            elif isinstance(module, nn.BatchNorm2d):
                _forget_statistics(module)

    def forward(self, images: Tensor, mixing: Mixing) -> Tensor:
        """Embeddings (N, embedding), not normalised.

        Args:
            images: float (N, 3, side, side), RGB, (x − 127.5) / 127.5. Not modified.
        """
        # torch's depthwise kernels are two to a hundred times as fast with channels innermost.
        images = images.contiguous(memory_format=torch.channels_last)
        before = last = self.stem_norm(self.stem(images))
        for cell in self.cells:
            assert isinstance(cell, MixedCell)
            weights = mixing.reduce if cell.reduction else mixing.normal
            before, last = last, cell(before, last, weights)
        result: Tensor = self.tail(last)
        return result


def without_scale(operation: nn.Module) -> nn.Module:
    """The operation itself, its BatchNorm replaced by one that has neither scale nor shift."""
    if isinstance(operation, Separable | FactorizedReduce | Pool):
        operation.norm = nn.BatchNorm2d(operation.norm.num_features, affine=False)
    return operation


def _forget_statistics(norm: nn.BatchNorm2d) -> None:
    norm.track_running_stats = False
    norm.running_mean = norm.running_var = norm.num_batches_tracked = None


def _tail(plan: SupernetShape, inputs: int, side: int) -> Tail:
    tail = Tail(inputs, plan.shape.embedding, side)
    if plan.tail == "published":
        tail.spatial = nn.Conv2d(TAIL_WIDTH, TAIL_WIDTH, side, groups=TAIL_GROUPS, bias=False)
    return tail


def _total(parts: list[Tensor]) -> Tensor:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
