"""A trained network as a single-file ONNX graph; a PocketNet rewritten to run fast.

The graph is built node by node, so every rewrite is visible here, and each is exact up to rounding:

1. BatchNorm is folded into the convolution before it; after a pool it becomes a 1×1 depthwise
   convolution with a bias (its scale may be negative, so it cannot move in front of the maximum).
2. A depthwise 1×1 followed by a pointwise convolution is one pointwise convolution.
3. A factorized reduce is two strided 1×1 convolutions and a concatenation. Its activation is
   computed on the quarter of the pixels that each branch reads.
4. PReLU(x) = (1 − a)·[relu(x) + a/(1 − a)·x], and the factor goes into the convolution that
   always follows; where 1 − a is small, a·x + (1 − a)·relu(x). onnxruntime's PRelu has no kernel
   for its blocked layout, and converting back and forth takes most of the time. One relu serves
   all readers of a tensor.
5. Filters of the stem that weight decay has brought to zero are constants. The stem is read
   through 1×1 convolutions alone, so they are taken out and their effect goes into the biases.
"""

from typing import cast

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from training.nets.onnx_graph import INPUT, Double, Graph, affine, array
from training.nets.onnx_teacher import rewrite_prelu
from training.nets.plain_onnx import plain_onnx
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

SMALLEST_FACTOR = 0.05  # |1 − a| below which the factor is not absorbed: a/(1 − a) would grow large
DEAD_WEIGHT = 1e-12  # sum of |weights| of a filter that answers with its bias; inputs are within ±1
CHANNEL_STEP = 16  # alive filters are filled up to a multiple: the block of 512-bit registers


def to_onnx(net: Backbone) -> onnx.ModelProto:
    """The network with its running statistics, as (batch, 3, side, side) → (batch, embedding).

    Args:
        net: Not modified; any training state. Rewritten if it is a PocketNet; any other is
            exported layer by layer, without PRelu.
    """
    if not isinstance(net, PocketNet):
        return rewrite_prelu(plain_onnx(net))
    graph = Graph()
    with torch.no_grad():
        stem = _Stem(graph, net)
        before = last = stem.name
        for module in net.cells:
            before, last = last, _cell(graph, cast(Cell, module), before, last, stem)
        output = _tail(graph, net.tail, last)
    return graph.finished(output, net.input_side, net.embedding)


class _Stem:
    """The stem without its dead filters.

    Attributes:
        name: Of its output.
        alive: int: the filters that are kept, ascending.
        constants: float64: what the others answer; 0 at those kept.
    """

    def __init__(self, graph: Graph, net: PocketNet) -> None:
        scale, shift = affine(net.stem_norm)
        weight = array(net.stem.weight) * scale[:, None, None, None]
        self.alive = alive_filters(weight)
        self.constants = shift.copy()
        self.constants[self.alive] = 0
        self.name = graph.conv(INPUT, weight[self.alive], shift[self.alive], stride=2, pad=1)


def alive_filters(weight: Double) -> NDArray[np.intp]:
    """Which filters of (O, I, k, k) depend on their input, filled up to a multiple of 16.

    Ascending, so that nothing changes where none is dead.
    """
    strength = np.abs(weight).sum(axis=(1, 2, 3))
    alive = int((strength > DEAD_WEIGHT).sum())
    count = min(len(weight), max(1, -(-alive // CHANNEL_STEP)) * CHANNEL_STEP)
    return np.sort(np.argsort(-strength, kind="stable")[:count])


def _conv_norm(
    graph: Graph, source: str, conv: nn.Conv2d, norm: nn.BatchNorm2d, factor: Double
) -> str:
    """Convolution and BatchNorm as one; `factor` scales the input channels."""
    scale, shift = affine(norm)
    weight = array(conv.weight) * scale[:, None, None, None]
    weight = weight * factor.reshape((-1, 1, 1, 1) if conv.groups > 1 else (1, -1, 1, 1))
    return graph.conv(source, weight, shift, groups=conv.groups)


def _slope(activation: PReLU) -> Double:
    return array(activation.slope)


def _parts(slope: Double) -> tuple[Double, Double, Double]:
    """A PReLU as factor·(linear·x + positive·relu(x)), by channel; positive is 1 if possible."""
    rest = 1 - slope
    absorbed = bool((np.abs(rest) > SMALLEST_FACTOR).all())
    factor = rest if absorbed else np.ones_like(rest)
    return factor, slope / factor, rest / factor


def _prelu(graph: Graph, source: str, slope: Double) -> tuple[str, Double]:
    """The activation up to a factor per channel, which the next convolution absorbs."""
    factor, linear, share = _parts(slope)
    scaled = graph.by_channel(source, linear)
    positive = graph.relu(source)
    if (share != 1).any():
        positive = graph.by_channel(positive, share)
    return graph.add("Add", [positive, scaled]), factor


def _separable(graph: Graph, source: str, block: Separable) -> str:
    active, factor = _prelu(graph, source, _slope(block.activation))
    kernel = block.depthwise.kernel_size[0]
    stride = block.depthwise.stride[0]
    scale, shift = affine(block.norm)
    pointwise = array(block.pointwise.weight) * scale[:, None, None, None]
    depthwise = array(block.depthwise.weight) * factor[:, None, None, None]
    if kernel == 1:
        return graph.conv(active, pointwise * depthwise.reshape(1, -1, 1, 1), shift, stride=stride)
    spread = graph.conv(active, depthwise, stride=stride, pad=kernel // 2, groups=len(depthwise))
    return graph.conv(spread, pointwise, shift)


def _behind_stem(graph: Graph, stem: _Stem, block: Separable) -> str:
    """A 1×1 block that reads the stem: dead filters go into its bias."""
    slope = _slope(block.activation)
    scale, shift = affine(block.norm)
    weight = array(block.pointwise.weight)[:, :, 0, 0] * scale[:, None]
    weight = weight * array(block.depthwise.weight).reshape(1, -1)
    constants = np.where(stem.constants > 0, stem.constants, slope * stem.constants)
    active, factor = _prelu(graph, stem.name, slope[stem.alive])
    kept = weight[:, stem.alive] * factor
    return graph.conv(active, kept[:, :, None, None], shift + weight @ constants)


def _reduce(graph: Graph, source: str, block: FactorizedReduce) -> str:
    factor, linear, share = _parts(_slope(block.activation))
    scale, shift = affine(block.norm)
    half = len(scale) // 2
    positive = graph.relu(source)
    branches = []
    for index, part in enumerate((slice(0, half), slice(half, None))):
        picked = [
            graph.conv(tensor, _picker(values, index), stride=2, groups=len(values))
            for tensor, values in ((source, linear), (positive, share))
        ]
        active = graph.add("Add", picked)
        depthwise = array(cast(nn.Conv2d, block.depthwise[index]).weight)[:, 0, 0, 0] * factor
        pointwise = array(cast(nn.Conv2d, block.pointwise[index]).weight)
        weight = pointwise * depthwise[None, :, None, None] * scale[part, None, None, None]
        branches.append(graph.conv(active, weight, shift[part]))
    return graph.add("Concat", branches, axis=1)


def _picker(values: Double, offset: int) -> Double:
    """A depthwise kernel that takes the pixel `offset` rows down and right, times `values`."""
    kernel = np.zeros((len(values), 1, offset + 1, offset + 1))
    kernel[:, 0, offset, offset] = values
    return kernel


def _pool(graph: Graph, source: str, block: Pool) -> str:
    stride = cast(int, cast(nn.MaxPool2d, block.pool).stride)
    scale, shift = affine(block.norm)
    pooled = graph.pool(source, block.pool, stride)
    return graph.conv(pooled, scale.reshape(-1, 1, 1, 1), shift, groups=len(scale))


def _operation(graph: Graph, source: str, block: nn.Module) -> str:
    match block:
        case Separable():
            return _separable(graph, source, block)
        case FactorizedReduce():
            return _reduce(graph, source, block)
        case Pool():
            return _pool(graph, source, block)
        case nn.Identity():
            return source
        case Zero():
            thinned = graph.slice(source, start=0, step=block.stride)
            return graph.add("Mul", [thinned, graph.numbers(np.zeros(1))])
    raise AssertionError(f"a cell holds no {type(block).__name__}")


def _cell(graph: Graph, cell: Cell, before: str, last: str, stem: _Stem) -> str:
    states = [
        _behind_stem(graph, stem, cast(Separable, block))
        if source == stem.name
        else _operation(graph, source, block)
        for source, block in zip((before, last), cell.preprocess, strict=True)
    ]
    for (one, other), edges in zip(cell.sources, cell.edges, strict=True):
        first, second = tuple(edges.children())
        sides = [_operation(graph, states[one], first), _operation(graph, states[other], second)]
        states.append(graph.add("Add", sides))
    return graph.add("Concat", states[2:], axis=1)


def _tail(graph: Graph, tail: Tail, source: str) -> str:
    active, factor = _prelu(graph, source, _slope(tail.activation))
    wide = _conv_norm(graph, active, tail.expand, tail.expand_norm, factor)
    active, factor = _prelu(graph, wide, _slope(tail.expand_activation))
    spread = _conv_norm(graph, active, tail.spatial, tail.spatial_norm, factor)
    nothing = np.ones(tail.project.in_channels)
    return _conv_norm(graph, spread, tail.project, tail.norm, nothing)
