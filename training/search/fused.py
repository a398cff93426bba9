"""A supernet's gradients by the fused CPU kernels.

An operation's share in a mixture is what its BatchNorm's scale would be: repeated over the
channels, it is handed to the kernels as that scale, and the share's gradient is the sum of the
scale's. A skip, which has no BatchNorm, is an edge that only scales.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor, nn

from training import engine_cpu
from training.engine.state import State
from training.engine_cpu.kernels import CHANNEL_STEP, Kernels, Precision
from training.engine_cpu.native import EdgeSpec
from training.engine_cpu.plan import (
    ABSENT,
    Kind,
    Plan,
    Span,
    add_edge,
    add_operation,
    add_tail,
)
from training.nets.genotype import NODES
from training.search.bilevel import Gradients
from training.search.space import ALPHAS, PLACES, Alphas, Mixing
from training.search.supernet import MixedCell, MixedEdge, Supernet


@dataclass(slots=True)
class CellScales:
    """The scales of one cell.

    Attributes:
        channels: Of each of them.
        columns: Of the table of alphas, for the operations of every edge.
        edges: The kernels' edges that take a share of a mixture: 14 times as many as columns.
        plain: The others, whose scale is 1: both inputs' preprocessing.
    """

    reduction: bool
    channels: int
    columns: tuple[int, ...]
    edges: list[EdgeSpec] = field(default_factory=list)
    plain: list[EdgeSpec] = field(default_factory=list)


class FusedPasses:
    """Gradients by the kernels, of a supernet in float32 on the CPU.

    Args:
        net: Its parameters' values are read anew at each pass.

    Raises:
        EngineUnavailableError: The kernels cannot be built, or a channel count does not fit them.
    """

    def __init__(self, net: Supernet, precision: Precision, threads: int) -> None:
        plan, self._scales = plan_supernet(net)
        first = len(plan.tensors)
        for scales in self._scales:
            for edge in (*scales.edges, *scales.plain):
                edge.gamma = first
                first += 1
        self._kernels = Kernels(plan, precision, threads)
        # BatchNorms without scale or statistics have None there, which no edge reads.
        nothing = torch.zeros(1)
        found = [getattr(module, name) for module, name in plan.tensors]
        self._tensors = [nothing if tensor is None else tensor for tensor in found]
        self._parameters = [
            (number, tensor)
            for number, tensor in enumerate(self._tensors)
            if isinstance(tensor, nn.Parameter)
        ]

    def gradient(
        self,
        state: State,
        images: Tensor,
        loss: Callable[[Tensor], Tensor],
        parameters: Sequence[nn.Parameter],
    ) -> tuple[Tensor, Gradients]:
        """As the protocol of a step's passes says."""
        alphas = cast(Alphas, state.modules[ALPHAS])
        mixing: Mixing = alphas()
        tensors = [
            tensor if tensor.is_contiguous() else tensor.detach().contiguous()
            for tensor in self._tensors
        ]
        tensors += self._scale(mixing)
        embeddings = self._kernels.forward(images.contiguous(), tensors).requires_grad_()
        value = loss(embeddings)
        inside = {id(each) for each in (*self._tensors, alphas.normal, alphas.reduce)}
        outside = [parameter for parameter in parameters if id(parameter) not in inside]
        onward, *others = torch.autograd.grad(value, [embeddings, *outside])
        by_number = self._kernels.backward(onward)
        gradients = dict(zip(map(id, outside), others, strict=True))
        for number, parameter in self._parameters:
            gradients[id(parameter)] = by_number[number].view(parameter.shape)
        tables = (alphas.normal, alphas.reduce)
        moved = torch.autograd.grad(list(mixing), tables, self._shares(by_number, mixing))
        gradients |= dict(zip(map(id, tables), moved, strict=True))
        return value.detach(), tuple(gradients[id(parameter)] for parameter in parameters)

    def _scale(self, mixing: Mixing) -> list[Tensor]:
        """The scales in the order of their numbers."""
        found: list[Tensor] = []
        for scales in self._scales:
            table = (mixing.reduce if scales.reduction else mixing.normal).detach()
            shares = table[:, scales.columns].reshape(-1, 1).expand(-1, scales.channels)
            found += shares.contiguous().unbind()
            found += [torch.ones(scales.channels) for _ in scales.plain]
        return found

    def _shares(self, by_number: dict[int, Tensor], mixing: Mixing) -> list[Tensor]:
        """The gradients of both tables of shares."""
        normal, reduce = torch.zeros_like(mixing.normal), torch.zeros_like(mixing.reduce)
        for scales in self._scales:
            sums = torch.stack([by_number[edge.gamma] for edge in scales.edges]).sum(dim=1)
            table = reduce if scales.reduction else normal
            table[:, scales.columns] += sums.view(len(PLACES), -1)
        return [normal, reduce]


def refused(net: Supernet) -> str | None:
    """Why the kernels cannot take a supernet, in words; None where they can."""
    plan = net.plan
    if plan.tail != "final":
        return 'the fused kernels know the tail of final networks only (supernet.tail = "final")'
    counts = (plan.shape.width, plan.stem_multiplier * plan.shape.width, plan.shape.embedding)
    if any(count % CHANNEL_STEP for count in counts):
        return f"the supernet has channel counts that are no multiple of {CHANNEL_STEP}"
    return engine_cpu.available()


def plan_supernet(net: Supernet) -> tuple[Plan, list[CellScales]]:
    """The operations of a whole supernet, and which of them take scales."""
    plan = Plan()
    stem = plan.new_state()
    add_edge(plan, Kind.STEM, Span(ABSENT, 0, 3), stem, pointwise=net.stem, norm=net.stem_norm)
    before = last = Span(stem, 1, net.stem.out_channels)
    scales = []
    for cell in net.cells.children():
        assert isinstance(cell, MixedCell)
        after, found = _add_cell(plan, cell, before, last)
        before, last = last, after
        scales.append(found)
    add_tail(plan, net.tail, last)
    for edge in plan.edges:
        edge.mean = edge.variance = ABSENT
    return plan, scales


def _add_cell(plan: Plan, cell: MixedCell, before: Span, last: Span) -> tuple[Span, CellScales]:
    edges = [edge for edge in cell.edges.children() if isinstance(edge, MixedEdge)]
    found = CellScales(cell.reduction, cell.width, edges[0].columns)
    states = []
    for module, source in zip(cell.preprocess.children(), (before, last), strict=True):
        states.append(plan.new_state())
        add_operation(plan, module, source, states[-1])
        found.plain.append(_scaled(plan.edges[-1]))
    states += [plan.new_state() for _ in range(NODES)]
    for place, edge in zip(PLACES, edges, strict=True):
        source, target = Span(states[place.source], 1, cell.width), states[place.node - NODES]
        for operation in edge.operations.children():
            add_operation(plan, operation, source, target)
            found.edges.append(_scaled(plan.edges[-1]))
    return Span(states[-NODES], NODES, NODES * cell.width), found


def _scaled(edge: EdgeSpec) -> EdgeSpec:
    """The edge itself, about to be given a scale from outside and no shift."""
    if edge.kind == Kind.SKIP:
        edge.kind = Kind.SCALED
    edge.beta = ABSENT
    return edge
