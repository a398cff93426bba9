"""Any network of this package as an ONNX graph as it is written: one node a layer.

For networks that are not shipped (teachers, controls), and as the yardstick for the rewritten
form of the one that is. Nothing is folded here; onnxruntime folds BatchNorm by itself.
"""

from typing import assert_never, cast

import numpy as np
import onnx
from torch import nn

from training.nets.iresnet import Block, DenseTail, IResNet
from training.nets.mobilefacenet import Bottleneck, ConvUnit, GlobalTail, MobileFaceNet
from training.nets.onnx_graph import INPUT, Graph, array
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
from training.nets.table import Backbone


def plain_onnx(net: Backbone) -> onnx.ModelProto:
    """The network with its running statistics, as (batch, 3, side, side) → (batch, embedding).

    Args:
        net: Not modified; any training state.
    """
    graph = Graph()
    match net:
        case PocketNet():
            before = last = _all(graph, INPUT, net.stem, net.stem_norm)
            for module in net.cells:
                before, last = last, _cell(graph, cast(Cell, module), before, last)
            output = _layer(graph, last, net.tail)
        case IResNet():
            stem = _all(graph, INPUT, net.stem, net.stem_norm, net.stem_activation)
            output = _all(graph, stem, *net.legs, net.tail)
        case MobileFaceNet():
            output = _all(graph, INPUT, net.stem, *net.legs, net.tail)
        case _:
            assert_never(net)
    return graph.finished(output, net.input_side, net.embedding)


def _all(graph: Graph, source: str, *modules: nn.Module) -> str:
    for module in modules:
        source = _layer(graph, source, module)
    return source


def _layer(graph: Graph, source: str, module: nn.Module) -> str:
    inner = _in_a_row(module)
    if inner:
        return _all(graph, source, *inner)
    match module:
        case nn.Identity():
            result = source
        case nn.Conv2d():
            result = _conv(graph, source, module)
        case nn.BatchNorm2d():
            result = _norm(graph, source, module)
        case PReLU():
            slope = array(module.slope).reshape(-1, 1, 1)
            result = graph.add("PRelu", [source, graph.numbers(slope)])
        case Zero():
            thinned = graph.slice(source, start=0, step=module.stride)
            result = graph.add("Mul", [thinned, graph.numbers(np.zeros(1))])
        case _:
            result = _branching(graph, source, module)
    return result


def _in_a_row(module: nn.Module) -> tuple[nn.Module, ...]:
    """The layers of a block that only runs one after the other; none for any other block."""
    match module:
        case nn.Sequential():
            found = tuple(module)
        case Separable():
            found = (module.activation, module.depthwise, module.pointwise, module.norm)
        case Tail():
            wide = (module.activation, module.expand, module.expand_norm, module.expand_activation)
            found = (*wide, module.spatial, module.spatial_norm, module.project, module.norm)
        case DenseTail():
            found = (module.map_norm, module.spatial, module.norm)
        case ConvUnit():
            found = (module.conv, module.norm, module.activation)
        case GlobalTail():
            reading = (module.expand, module.spatial, module.spatial_norm)
            found = (*reading, module.project, module.norm)
        case _:
            found = ()
    return found


def _branching(graph: Graph, source: str, module: nn.Module) -> str:
    match module:
        case Pool():
            stride = cast(int, cast(nn.MaxPool2d, module.pool).stride)
            result = _norm(graph, graph.pool(source, module.pool, stride), module.norm)
        case FactorizedReduce():
            result = _reduce(graph, source, module)
        case Block():
            first = (module.norm, module.conv, module.conv_norm, module.activation)
            inner = _all(graph, source, *first, module.reduce, module.reduce_norm)
            result = graph.add("Add", [inner, _layer(graph, source, module.shortcut)])
        case Bottleneck():
            inner = _all(graph, source, module.expand, module.depthwise, module.project)
            result = graph.add("Add", [source, inner]) if module.residual else inner
        case _:
            raise AssertionError(f"no network here holds a {type(module).__name__}")
    return result


def _conv(graph: Graph, source: str, conv: nn.Conv2d) -> str:
    return graph.conv(
        source,
        array(conv.weight),
        None if conv.bias is None else array(conv.bias),
        stride=conv.stride[0],
        pad=cast(int, conv.padding[0]),
        groups=conv.groups,
    )


def _norm(graph: Graph, source: str, norm: nn.BatchNorm2d) -> str:
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None, "every norm here tracks statistics"
    assert variance is not None, "every norm here tracks statistics"
    facts = [graph.numbers(array(part)) for part in (norm.weight, norm.bias, mean, variance)]
    return graph.add("BatchNormalization", [source, *facts], epsilon=norm.eps)


def _reduce(graph: Graph, source: str, block: FactorizedReduce) -> str:
    active = _layer(graph, source, block.activation)
    branches = (active, graph.slice(active, start=1, step=1))
    halves = [
        _all(graph, branch, depthwise, pointwise)
        for branch, depthwise, pointwise in zip(
            branches, block.depthwise, block.pointwise, strict=True
        )
    ]
    return _norm(graph, graph.add("Concat", halves, axis=1), block.norm)


def _cell(graph: Graph, cell: Cell, before: str, last: str) -> str:
    states = [_layer(graph, before, cell.preprocess[0]), _layer(graph, last, cell.preprocess[1])]
    for (one, other), edges in zip(cell.sources, cell.edges, strict=True):
        first, second = tuple(edges.children())
        sides = [_layer(graph, states[one], first), _layer(graph, states[other], second)]
        states.append(graph.add("Add", sides))
    return graph.add("Concat", states[2:], axis=1)
