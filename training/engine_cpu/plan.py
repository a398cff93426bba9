"""Translates a PocketNet into the engine's list of operations on numbered states.

States are numbered in the order in which they can be computed: the stem's, then by cell its two
preprocessed inputs and four nodes, then three of the tail. The last is the embedding.
"""

from dataclasses import dataclass, field
from enum import IntEnum

from torch import nn

from training.engine_cpu.native import EdgeSpec
from training.nets.genotype import NODES
from training.nets.pocketnet import (
    Cell,
    FactorizedReduce,
    PocketNet,
    Pool,
    PReLU,
    Separable,
    Tail,
    Zero,
)

ABSENT = -1


class Kind(IntEnum):
    """As in graph.hpp."""

    STEM = 0
    SEPARABLE = 1
    REDUCE = 2
    MAX = 3
    AVERAGE = 4
    SKIP = 5
    GLOBAL = 6
    NOTHING = 7
    SCALED = 8


@dataclass(frozen=True, slots=True)
class Span:
    """Adjacent states that an operation reads as one map: first state, how many, all channels."""

    first: int
    planes: int
    channels: int


@dataclass(slots=True)
class Plan:
    """Operations, and the tensors they name by number.

    Attributes:
        edges: In an order in which they can be run.
        tensors: Where the net's parameters and running statistics are: module and attribute, so
            that one replaced since is found again.
        norms: The BatchNorms, whose batches are counted.
        maps: The states that make up the output of the stem's BatchNorm and of each cell, by the
            name the module has in the net.
        states: How many states there are.
    """

    edges: list[EdgeSpec] = field(default_factory=list)
    tensors: list[tuple[nn.Module, str]] = field(default_factory=list)
    norms: list[nn.BatchNorm2d] = field(default_factory=list)
    maps: dict[str, Span] = field(default_factory=dict)
    states: int = 0

    def new_state(self) -> int:
        """The number of one more state."""
        self.states += 1
        return self.states - 1

    def number(self, module: nn.Module, name: str) -> int:
        """The number of one more tensor."""
        self.tensors.append((module, name))
        return len(self.tensors) - 1


def plan_net(net: PocketNet) -> Plan:
    """The operations of a whole network, from images to embedding."""
    plan = Plan()
    stem = plan.new_state()
    add_edge(plan, Kind.STEM, Span(ABSENT, 0, 3), stem, pointwise=net.stem, norm=net.stem_norm)
    before = last = plan.maps["stem_norm"] = Span(stem, 1, net.stem.out_channels)
    for name, cell in net.cells.named_children():
        assert isinstance(cell, Cell)
        before, last = last, _add_cell(plan, cell, before, last)
        plan.maps[f"cells.{name}"] = last
    add_tail(plan, net.tail, last)
    return plan


def _add_cell(plan: Plan, cell: Cell, before: Span, last: Span) -> Span:
    width = 0
    states = []
    for module, source in zip(cell.preprocess.children(), (before, last), strict=True):
        assert isinstance(module, Separable | FactorizedReduce)
        width = module.norm.num_features
        states.append(plan.new_state())
        add_operation(plan, module, source, states[-1])
    for sources, edges in zip(cell.sources, cell.edges.children(), strict=True):
        target = plan.new_state()
        for number, module in zip(sources, edges.children(), strict=True):
            add_operation(plan, module, Span(states[number], 1, width), target)
        states.append(target)
    return Span(states[-NODES], NODES, NODES * width)


def add_operation(plan: Plan, module: nn.Module, source: Span, target: int) -> None:
    """Adds any operation of a cell."""
    match module:
        case Separable():
            add_edge(
                plan,
                Kind.SEPARABLE,
                source,
                target,
                activation=module.activation,
                depthwise=module.depthwise,
                pointwise=module.pointwise,
                norm=module.norm,
            )
        case FactorizedReduce():
            _add_reduce(plan, module, source, target)
        case Pool():
            kind = Kind.MAX if isinstance(module.pool, nn.MaxPool2d) else Kind.AVERAGE
            stride = module.pool.stride
            assert isinstance(stride, int)
            add_edge(plan, kind, source, target, norm=module.norm, stride=stride)
        case nn.Identity():
            add_edge(plan, Kind.SKIP, source, target)
        case Zero():
            add_edge(plan, Kind.NOTHING, source, target, stride=module.stride)
        case _:
            raise TypeError(f"the fused engine has no operation like {type(module).__name__}")


def _add_reduce(plan: Plan, module: FactorizedReduce, source: Span, target: int) -> None:
    depthwise, pointwise = tuple(module.depthwise.children()), tuple(module.pointwise.children())
    assert isinstance(depthwise[0], nn.Conv2d)
    assert isinstance(depthwise[1], nn.Conv2d)
    assert isinstance(pointwise[0], nn.Conv2d)
    assert isinstance(pointwise[1], nn.Conv2d)
    edge = add_edge(
        plan,
        Kind.REDUCE,
        source,
        target,
        activation=module.activation,
        depthwise=depthwise[0],
        pointwise=pointwise[0],
        norm=module.norm,
    )
    edge.channels_out = module.norm.num_features
    edge.depthwise_b = plan.number(depthwise[1], "weight")
    edge.pointwise_b = plan.number(pointwise[1], "weight")


def add_tail(plan: Plan, tail: Tail, source: Span) -> None:
    """Adds the three operations from the last map to the embedding."""
    hidden, summary, embedding = plan.new_state(), plan.new_state(), plan.new_state()
    width = tail.expand.out_channels
    edges = (
        add_edge(
            plan,
            Kind.SEPARABLE,
            source,
            hidden,
            activation=tail.activation,
            pointwise=tail.expand,
            norm=tail.expand_norm,
        ),
        add_edge(
            plan,
            Kind.GLOBAL,
            Span(hidden, 1, width),
            summary,
            activation=tail.expand_activation,
            depthwise=tail.spatial,
            norm=tail.spatial_norm,
        ),
        add_edge(
            plan,
            Kind.SEPARABLE,
            Span(summary, 1, width),
            embedding,
            pointwise=tail.project,
            norm=tail.norm,
        ),
    )
    for edge in edges:  # the tail is small, and the embedding deserves every digit
        edge.full_precision = 1


def add_edge(
    plan: Plan,
    kind: Kind,
    source: Span,
    target: int,
    *,
    activation: PReLU | None = None,
    depthwise: nn.Conv2d | None = None,
    pointwise: nn.Conv2d | None = None,
    norm: nn.BatchNorm2d | None = None,
    stride: int = 1,
) -> EdgeSpec:
    """Adds one edge; `stride` where no depthwise convolution says it.

    Its numbers of tensors are ABSENT where no module is given, and may be set afterwards.
    """
    edge = EdgeSpec(kind=kind, k=1, stride=stride, channels_in=source.channels)
    edge.source, edge.planes, edge.target = source.first, source.planes, target
    edge.channels_out = source.channels
    edge.depthwise_b = edge.pointwise_b = ABSENT
    edge.gamma = edge.beta = edge.mean = edge.variance = ABSENT
    edge.slope = plan.number(activation, "slope") if activation else ABSENT
    edge.depthwise = plan.number(depthwise, "weight") if depthwise else ABSENT
    edge.pointwise = plan.number(pointwise, "weight") if pointwise else ABSENT
    if depthwise:
        edge.k, edge.stride = depthwise.kernel_size[0], depthwise.stride[0]
    if pointwise:
        edge.channels_out = pointwise.out_channels
    if norm:
        plan.norms.append(norm)
        edge.gamma, edge.beta = plan.number(norm, "weight"), plan.number(norm, "bias")
        edge.mean = plan.number(norm, "running_mean")
        edge.variance = plan.number(norm, "running_var")
        edge.epsilon = norm.eps
        assert norm.momentum is not None, "a cumulative mean is not supported"
        edge.momentum = norm.momentum
    plan.edges.append(edge)
    return edge
