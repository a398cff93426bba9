"""What the ordinary operators of an ONNX graph mean in torch.

One function an operator, in one table. Each takes a `Call` and returns a tensor, or a tuple of
them. Whole numbers that steer an operator (shapes, axes, starts) come as int64 tensors on the host.

Source: the operator reference of ONNX, opset 7 to 23.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

IMAGE_AXES = 2  # rows and columns; nothing else is convolved or pooled here
Attribute = int | float | str | bytes | Sequence[int] | Sequence[float] | Tensor


class UnsupportedError(Exception):
    """A form of an operator that has no torch form here; the text says which."""


@dataclass(frozen=True, slots=True)
class Call:
    """One use of an operator.

    Attributes:
        inputs: In the node's order; None where the node leaves one out.
        attributes: By name.
    """

    inputs: tuple[Tensor | None, ...]
    attributes: dict[str, Attribute]

    def tensor(self, position: int) -> Tensor:
        """An input that must be there."""
        found = self.optional(position)
        if found is None:
            raise UnsupportedError(f"input {position} is left out")
        return found

    def optional(self, position: int) -> Tensor | None:
        """An input, or None."""
        return self.inputs[position] if position < len(self.inputs) else None

    def number(self, name: str, default: float) -> float:
        """A number among the attributes."""
        value = self.attributes.get(name, default)
        if not isinstance(value, int | float):
            raise UnsupportedError(f"{name} is no number")
        return value

    def whole(self, name: str, default: int) -> int:
        """A whole number among the attributes."""
        return int(self.number(name, default))

    def numbers(self, name: str, default: Sequence[int]) -> list[int]:
        """Whole numbers among the attributes."""
        value = self.attributes.get(name, default)
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise UnsupportedError(f"{name} is no list")
        return [int(number) for number in value]

    def steering(self, name: str, position: int) -> list[int] | None:
        """Whole numbers that old graphs give as an attribute and new ones as an input."""
        if name in self.attributes:
            return self.numbers(name, ())
        given = self.optional(position)
        return None if given is None else [int(number) for number in given.flatten().tolist()]


Operator = Callable[[Call], Tensor | tuple[Tensor, ...]]


def _padded(call: Call, x: Tensor, kernel: Sequence[int], fill: float = 0.0) -> Tensor:
    """The picture with its border, for convolutions and pools."""
    automatic = call.attributes.get("auto_pad", b"NOTSET")
    pads = call.numbers("pads", [0] * 2 * IMAGE_AXES)
    if automatic in (b"SAME_UPPER", b"SAME_LOWER", "SAME_UPPER", "SAME_LOWER"):
        strides = call.numbers("strides", [1] * IMAGE_AXES)
        dilations = call.numbers("dilations", [1] * IMAGE_AXES)
        missing = [
            max(0, (math.ceil(size / step) - 1) * step + wide * (width - 1) + 1 - size)
            for size, step, width, wide in zip(x.shape[2:], strides, kernel, dilations, strict=True)
        ]
        late = automatic in (b"SAME_UPPER", "SAME_UPPER")
        first = [(pad if late else pad + 1) // 2 for pad in missing]
        pads = [*first, *(pad - start for pad, start in zip(missing, first, strict=True))]
    top, left, bottom, right = pads
    return functional.pad(x, (left, right, top, bottom), value=fill) if any(pads) else x


def _conv(call: Call) -> Tensor:
    weight = call.tensor(1)
    if weight.dim() != 2 + IMAGE_AXES:
        raise UnsupportedError(f"a convolution over {weight.dim() - 2} axes")
    x = _padded(call, call.tensor(0), weight.shape[2:])
    stride, spread = call.numbers("strides", [1, 1]), call.numbers("dilations", [1, 1])
    groups = call.whole("group", 1)
    return functional.conv2d(x, weight, call.optional(2), stride, 0, spread, groups)


def _batch_norm(call: Call) -> Tensor:
    scale, shift, mean, variance = (call.tensor(index) for index in range(1, 5))
    epsilon = call.number("epsilon", 1e-5)
    return functional.batch_norm(call.tensor(0), mean, variance, scale, shift, eps=epsilon)


def _prelu(call: Call) -> Tensor:
    x, slope = call.tensor(0), call.tensor(1)
    return torch.where(x < 0, x * slope, x)


def _gemm(call: Call) -> Tensor:
    one, other = call.tensor(0), call.tensor(1)
    one = one.T if call.whole("transA", 0) else one
    other = other.T if call.whole("transB", 0) else other
    product = call.number("alpha", 1.0) * (one @ other)
    added = call.optional(2)
    return product if added is None else product + call.number("beta", 1.0) * added


def _flatten(call: Call) -> Tensor:
    x = call.tensor(0)
    axis = call.whole("axis", 1) % (x.dim() + 1)
    return x.reshape(math.prod(x.shape[:axis]), -1)


def _reshape(call: Call) -> Tensor:
    x = call.tensor(0)
    shape = call.steering("shape", 1) or []
    kept = not call.whole("allowzero", 0)
    return x.reshape(
        [x.shape[axis] if size == 0 and kept else size for axis, size in enumerate(shape)]
    )


def _max_pool(call: Call) -> Tensor:
    kernel = call.numbers("kernel_shape", ())
    x = _padded(call, call.tensor(0), kernel, -math.inf)
    return functional.max_pool2d(
        x,
        kernel,
        call.numbers("strides", [1, 1]),
        0,
        call.numbers("dilations", [1, 1]),
        ceil_mode=bool(call.whole("ceil_mode", 0)),
    )


def _average_pool(call: Call) -> Tensor:
    if call.whole("ceil_mode", 0):
        raise UnsupportedError("an average pool that rounds up")
    kernel, strides = call.numbers("kernel_shape", ()), call.numbers("strides", [1, 1])
    x = call.tensor(0)
    padded = _padded(call, x, kernel)
    mean = functional.avg_pool2d(padded, kernel, strides)
    if padded is x or call.whole("count_include_pad", 0):
        return mean
    inside = _padded(call, torch.ones_like(x[:1, :1]), kernel)
    return mean / functional.avg_pool2d(inside, kernel, strides)


def _slice(call: Call) -> Tensor:
    x = call.tensor(0)
    starts, ends = call.steering("starts", 1) or [], call.steering("ends", 2) or []
    axes = call.steering("axes", 3) or list(range(len(starts)))
    steps = call.steering("steps", 4) or [1] * len(starts)
    parts = [slice(None)] * x.dim()
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        if step < 1:
            raise UnsupportedError("a slice that runs backwards")
        parts[axis] = slice(start, end, step)
    return x[tuple(parts)]


def _clip(call: Call) -> Tensor:
    x = call.tensor(0)
    low, high = call.optional(1), call.optional(2)
    if low is None and high is None:
        least, most = call.number("min", -math.inf), call.number("max", math.inf)
        return x.clamp(least, most)
    return torch.clamp(x, low, high)


def _pad(call: Call) -> Tensor:
    mode = call.attributes.get("mode", b"constant")
    if mode not in (b"constant", "constant"):
        raise UnsupportedError("a pad that does not fill with a constant")
    x = call.tensor(0)
    pads = call.steering("pads", 1) or []
    fill = call.optional(2)
    value = call.number("value", 0.0) if fill is None else float(fill)
    axes = call.steering("axes", 3) or list(range(x.dim()))
    before, after = pads[: len(axes)], pads[len(axes) :]
    order = [0] * 2 * x.dim()  # torch counts axes from the last one
    for axis, first, last in zip(axes, before, after, strict=True):
        place = 2 * (x.dim() - 1 - axis % x.dim())
        order[place : place + 2] = [first, last]
    return functional.pad(x, order, value=value)


def _transpose(call: Call) -> Tensor:
    x = call.tensor(0)
    return x.permute(call.numbers("perm", list(reversed(range(x.dim())))))


def _gather(call: Call) -> Tensor:
    x, index = call.tensor(0), call.tensor(1)
    axis = call.whole("axis", 0) % x.dim()
    index = index.to(x.device)
    index = torch.where(index < 0, index + x.shape[axis], index)
    taken = x.index_select(axis, index.flatten())
    return taken.reshape((*x.shape[:axis], *index.shape, *x.shape[axis + 1 :]))


def _unsqueeze(call: Call) -> Tensor:
    x = call.tensor(0)
    axes = call.steering("axes", 1) or []
    for axis in sorted(axis % (x.dim() + len(axes)) for axis in axes):
        x = x.unsqueeze(axis)
    return x


def _squeeze(call: Call) -> Tensor:
    x = call.tensor(0)
    axes = call.steering("axes", 1)
    return x.squeeze() if axes is None else x.squeeze([axis % x.dim() for axis in axes])


def _reduce_mean(call: Call) -> Tensor:
    x = call.tensor(0)
    axes = call.steering("axes", 1) or list(range(x.dim()))
    return x.mean(dim=axes, keepdim=bool(call.whole("keepdims", 1)))


def _reduce_l2(call: Call) -> Tensor:
    x = call.tensor(0)
    axes = call.steering("axes", 1) or list(range(x.dim()))
    norms: Tensor = torch.linalg.vector_norm(x, dim=axes, keepdim=bool(call.whole("keepdims", 1)))
    return norms


def _even(length: int, count: int) -> list[int]:
    size = math.ceil(length / count)
    return [min(size, length - start) for start in range(0, length, size)]


def _split(call: Call) -> tuple[Tensor, ...]:
    x = call.tensor(0)
    axis = call.whole("axis", 0)
    sizes = call.steering("split", 1)
    if sizes is None:
        count = call.whole("num_outputs", 2)
        return torch.split_with_sizes(x, _even(x.shape[axis], count), axis)
    return torch.split_with_sizes(x, sizes, axis)


def _cast(call: Call) -> Tensor:
    kinds = {1: torch.float32, 6: torch.int32, 7: torch.int64, 11: torch.float64}
    wanted = call.whole("to", 1)
    if wanted not in kinds:
        raise UnsupportedError(f"a cast to element type {wanted}")
    return call.tensor(0).to(kinds[wanted])


def _shape(call: Call) -> Tensor:
    return torch.tensor(call.tensor(0).shape, dtype=torch.int64)


def _unary(function: Callable[[Tensor], Tensor]) -> Operator:
    return lambda call: function(call.tensor(0))


def _binary(function: Callable[[Tensor, Tensor], Tensor]) -> Operator:
    return lambda call: function(call.tensor(0), call.tensor(1))


def _divide(one: Tensor, other: Tensor) -> Tensor:
    whole = not one.is_floating_point() and not other.is_floating_point()
    return torch.div(one, other, rounding_mode="trunc") if whole else one / other


OPERATORS: dict[str, Operator] = {
    "Add": _binary(torch.add),
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Cast": _cast,
    "Clip": _clip,
    "Concat": lambda call: torch.cat(
        [x for x in call.inputs if x is not None], call.whole("axis", 0)
    ),
    "Conv": _conv,
    "Div": _binary(_divide),
    "Dropout": _unary(lambda x: x),
    "Elu": lambda call: functional.elu(call.tensor(0), call.number("alpha", 1.0)),
    "Flatten": _flatten,
    "Gather": _gather,
    "Gemm": _gemm,
    "GlobalAveragePool": _unary(lambda x: x.mean(dim=(2, 3), keepdim=True)),
    "GlobalMaxPool": _unary(lambda x: x.amax(dim=(2, 3), keepdim=True)),
    "HardSigmoid": lambda call: (
        call.number("alpha", 0.2) * call.tensor(0) + call.number("beta", 0.5)
    ).clamp(0.0, 1.0),
    "HardSwish": _unary(functional.hardswish),
    "Identity": _unary(lambda x: x),
    "LeakyRelu": lambda call: functional.leaky_relu(call.tensor(0), call.number("alpha", 0.01)),
    "MatMul": _binary(torch.matmul),
    "MaxPool": _max_pool,
    "Mul": _binary(torch.mul),
    "Neg": _unary(torch.neg),
    "PRelu": _prelu,
    "Pad": _pad,
    "Pow": _binary(torch.pow),
    "ReduceL2": _reduce_l2,
    "ReduceMean": _reduce_mean,
    "Relu": _unary(functional.relu),
    "Reshape": _reshape,
    "Shape": _shape,
    "Sigmoid": _unary(torch.sigmoid),
    "Slice": _slice,
    "Softmax": lambda call: torch.softmax(call.tensor(0), call.whole("axis", -1)),
    "Split": _split,
    "Sqrt": _unary(torch.sqrt),
    "Squeeze": _squeeze,
    "Sub": _binary(torch.sub),
    "Tanh": _unary(torch.tanh),
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
"""ONNX operator → torch."""
