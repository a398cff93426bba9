"""A trained PocketNet as a single-file ONNX graph, rewritten to run fast.

The graph is built node by node, so every rewrite is visible here, and each is exact up to rounding:

1. BatchNorm is folded into the convolution before it; after a pool it becomes a 1×1 depthwise
   convolution with a bias (its scale may be negative, so it cannot move in front of the maximum).
2. A depthwise 1×1 followed by a pointwise convolution is one pointwise convolution.
3. A factorized reduce is two strided 1×1 convolutions and a concatenation.
4. PReLU(x) = (1 − a)·[relu(x) + a/(1 − a)·x], and the factor goes into the convolution that
   always follows; where 1 − a is small, a·x + (1 − a)·relu(x). onnxruntime's PRelu has no kernel
   for its blocked layout, and converting back and forth takes most of the time. One relu serves
   all readers of a tensor.
"""

from dataclasses import dataclass, field
from typing import cast

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

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

OPSET = 17  # read by every onnxruntime since 1.12
IR_VERSION = 8  # the one that opset 17 came with
LARGEST_INDEX = 2**31 - 1  # "to the end" of an axis
INPUT, OUTPUT = "images", "embedding"
SMALLEST_FACTOR = 0.05  # |1 − a| below which the factor is not absorbed: a/(1 − a) would grow large

Array = NDArray[np.float32]


@dataclass(slots=True)
class Graph:
    """Nodes and constants, gathered in order."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    rectified: dict[str, str] = field(default_factory=dict)
    count: int = 0

    def add(self, kind: str, inputs: list[str], **attributes: int | list[int]) -> str:
        """One node; the name of its output."""
        self.count += 1
        name = f"{kind.lower()}_{self.count}"
        node = helper.make_node(kind, inputs, [name], name, None, None, None, **attributes)
        self.nodes.append(node)
        return name

    def constant(self, values: NDArray[np.generic]) -> str:
        """One constant; its name."""
        self.count += 1
        name = f"constant_{self.count}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def conv(
        self,
        source: str,
        weight: Array,
        bias: Array | None,
        *,
        stride: int = 1,
        pad: int = 0,
        groups: int = 1,
    ) -> str:
        """A convolution of weight (O, I/groups, k, k) and bias (O,)."""
        inputs = [source, self.constant(weight.astype(np.float32))]
        if bias is not None:
            inputs.append(self.constant(bias.astype(np.float32)))
        return self.add(
            "Conv",
            inputs,
            kernel_shape=list(weight.shape[2:]),
            strides=[stride, stride],
            pads=[pad] * 4,
            group=groups,
        )

    def relu(self, source: str) -> str:
        """A tensor without its negative part, computed once for all who read it."""
        if source not in self.rectified:
            self.rectified[source] = self.add("Relu", [source])
        return self.rectified[source]


def to_onnx(net: PocketNet) -> onnx.ModelProto:
    """The network with its running statistics, as (batch, 3, side, side) → (batch, embedding).

    Args:
        net: Not modified; any training state.
    """
    graph = Graph()
    with torch.no_grad():
        before = last = _conv_norm(graph, INPUT, net.stem, net.stem_norm)
        for module in net.cells:
            before, last = last, _cell(graph, cast(Cell, module), before, last)
        output = graph.add("Flatten", [_tail(graph, net.tail, last)])
    graph.nodes[-1].output[0] = OUTPUT
    assert output != OUTPUT, "the flatten node is the last"
    side = net.input_side
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "pocketnet",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", 3, side, side])],
            [
                helper.make_tensor_value_info(
                    OUTPUT, TensorProto.FLOAT, ["batch", net.shape.embedding]
                )
            ],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="pocketface",
    )
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return model


def _array(tensor: Tensor) -> NDArray[np.float64]:
    return tensor.detach().to(torch.float64).numpy()


def _affine(norm: nn.BatchNorm2d) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale and shift of a BatchNorm with its running statistics."""
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None, "every norm here tracks statistics"
    assert variance is not None, "every norm here tracks statistics"
    scale = _array(norm.weight) / np.sqrt(_array(variance) + norm.eps)
    return scale, _array(norm.bias) - _array(mean) * scale


def _conv_norm(
    graph: Graph, source: str, conv: nn.Conv2d, norm: nn.BatchNorm2d, factor: Array | None = None
) -> str:
    """Convolution and BatchNorm as one; `factor` scales the input channels."""
    scale, shift = _affine(norm)
    weight = _array(conv.weight) * scale[:, None, None, None]
    if factor is not None:
        depthwise = conv.groups > 1
        weight = weight * factor.reshape((-1, 1, 1, 1) if depthwise else (1, -1, 1, 1))
    return graph.conv(
        source,
        weight.astype(np.float32),
        shift.astype(np.float32),
        stride=conv.stride[0],
        pad=cast(int, conv.padding[0]),
        groups=conv.groups,
    )


def _prelu(graph: Graph, source: str, activation: PReLU) -> tuple[str, Array]:
    """The activation up to a factor per channel, which the next convolution absorbs."""
    slope = _array(activation.slope)
    rest = 1 - slope
    absorbed = bool((np.abs(rest) > SMALLEST_FACTOR).all())
    factor = rest if absorbed else np.ones_like(rest)
    linear = graph.constant((slope / factor).astype(np.float32).reshape(1, -1, 1, 1))
    scaled = graph.add("Mul", [source, linear])
    positive = graph.relu(source)
    if not absorbed:
        keep = graph.constant(rest.astype(np.float32).reshape(1, -1, 1, 1))
        positive = graph.add("Mul", [positive, keep])
    return graph.add("Add", [positive, scaled]), factor.astype(np.float32)


def _separable(graph: Graph, source: str, block: Separable) -> str:
    active, factor = _prelu(graph, source, block.activation)
    depthwise = _array(block.depthwise.weight) * factor[:, None, None, None]
    scale, shift = _affine(block.norm)
    pointwise = _array(block.pointwise.weight) * scale[:, None, None, None]
    stride = block.depthwise.stride[0]
    kernel = block.depthwise.kernel_size[0]
    bias = shift.astype(np.float32)
    if kernel == 1:
        merged = pointwise * depthwise[:, 0, 0, 0][None, :, None, None]
        return graph.conv(active, merged.astype(np.float32), bias, stride=stride)
    spread = graph.conv(
        active,
        depthwise.astype(np.float32),
        None,
        stride=stride,
        pad=kernel // 2,
        groups=len(depthwise),
    )
    return graph.conv(spread, pointwise.astype(np.float32), bias)


def _reduce(graph: Graph, source: str, block: FactorizedReduce) -> str:
    active, factor = _prelu(graph, source, block.activation)
    scale, shift = _affine(block.norm)
    shifted = _slice(graph, active, start=1, step=1)
    branches = []
    half = len(scale) // 2
    parts = ((active, slice(0, half)), (shifted, slice(half, None)))
    for index, (branch, part) in enumerate(parts):
        depthwise = _array(cast(nn.Conv2d, block.depthwise[index]).weight)[:, 0, 0, 0] * factor
        pointwise = _array(cast(nn.Conv2d, block.pointwise[index]).weight)
        weight = pointwise * depthwise[None, :, None, None] * scale[part, None, None, None]
        branches.append(
            graph.conv(branch, weight.astype(np.float32), shift[part].astype(np.float32), stride=2)
        )
    return graph.add("Concat", branches, axis=1)


def _pool(graph: Graph, source: str, block: Pool) -> str:
    pool = block.pool
    kind = "MaxPool" if isinstance(pool, nn.MaxPool2d) else "AveragePool"
    stride = cast(int, cast(nn.MaxPool2d, pool).stride)
    pooled = graph.add(
        kind, [source], kernel_shape=[3, 3], strides=[stride, stride], pads=[1, 1, 1, 1]
    )
    scale, shift = _affine(block.norm)
    weight = scale.astype(np.float32).reshape(-1, 1, 1, 1)
    return graph.conv(pooled, weight, shift.astype(np.float32), groups=len(weight))


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
            zero = graph.constant(np.zeros(1, dtype=np.float32))
            thinned = _slice(graph, source, start=0, step=block.stride)
            return graph.add("Mul", [thinned, zero])
    raise AssertionError(f"a cell holds no {type(block).__name__}")


def _slice(graph: Graph, source: str, *, start: int, step: int) -> str:
    """Rows and columns from `start` on, every `step`-th."""
    limits = ([start] * 2, [LARGEST_INDEX] * 2, [2, 3], [step] * 2)
    constants = [graph.constant(np.array(values, dtype=np.int64)) for values in limits]
    return graph.add("Slice", [source, *constants])


def _cell(graph: Graph, cell: Cell, before: str, last: str) -> str:
    states = [
        _operation(graph, before, cell.preprocess[0]),
        _operation(graph, last, cell.preprocess[1]),
    ]
    for (one, other), edges in zip(cell.sources, cell.edges, strict=True):
        first, second = tuple(edges.children())
        sides = [_operation(graph, states[one], first), _operation(graph, states[other], second)]
        states.append(graph.add("Add", sides))
    return graph.add("Concat", states[2:], axis=1)


def _tail(graph: Graph, tail: Tail, source: str) -> str:
    active, factor = _prelu(graph, source, tail.activation)
    wide = _conv_norm(graph, active, tail.expand, tail.expand_norm, factor)
    active, factor = _prelu(graph, wide, tail.expand_activation)
    spread = _conv_norm(graph, active, tail.spatial, tail.spatial_norm, factor)
    return _conv_norm(graph, spread, tail.project, tail.norm)
