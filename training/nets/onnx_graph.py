"""ONNX graphs put together node by node."""

from dataclasses import dataclass, field

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

OPSET = 17  # read by every onnxruntime since 1.12
IR_VERSION = 8  # the one that opset 17 came with
LARGEST_INDEX = 2**31 - 1  # "to the end" of an axis
INPUT, OUTPUT = "images", "embedding"

Array = NDArray[np.float32]
Double = NDArray[np.float64]


@dataclass(slots=True)
class Graph:
    """Nodes and constants, gathered in order."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    rectified: dict[str, str] = field(default_factory=dict)
    count: int = 0

    def add(self, kind: str, inputs: list[str], **attributes: float | list[int]) -> str:
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

    def numbers(self, values: NDArray[np.floating]) -> str:
        """One constant in single precision; its name."""
        return self.constant(values.astype(np.float32))

    def conv(
        self,
        source: str,
        weight: NDArray[np.floating],
        bias: NDArray[np.floating] | None = None,
        *,
        stride: int = 1,
        pad: int = 0,
        groups: int = 1,
    ) -> str:
        """A convolution of weight (O, I/groups, k, k) and bias (O,)."""
        inputs = [source, self.numbers(weight)]
        if bias is not None:
            inputs.append(self.numbers(bias))
        return self.add(
            "Conv",
            inputs,
            kernel_shape=list(weight.shape[2:]),
            strides=[stride, stride],
            pads=[pad] * 4,
            group=groups,
        )

    def by_channel(self, source: str, scale: NDArray[np.floating]) -> str:
        """A tensor with each channel multiplied by its number of `scale` (C,)."""
        return self.add("Mul", [source, self.numbers(scale.reshape(1, -1, 1, 1))])

    def relu(self, source: str) -> str:
        """A tensor without its negative part, computed once for all who read it."""
        if source not in self.rectified:
            self.rectified[source] = self.add("Relu", [source])
        return self.rectified[source]

    def slice(self, source: str, *, start: int, step: int) -> str:
        """Rows and columns from `start` on, every `step`-th."""
        limits = ([start] * 2, [LARGEST_INDEX] * 2, [2, 3], [step] * 2)
        constants = [self.constant(np.array(values, dtype=np.int64)) for values in limits]
        return self.add("Slice", [source, *constants])

    def pool(self, source: str, pool: nn.Module, stride: int) -> str:
        """A 3×3 pool as large as its stride makes it; padding never enters a mean."""
        kind = "MaxPool" if isinstance(pool, nn.MaxPool2d) else "AveragePool"
        return self.add(
            kind, [source], kernel_shape=[3, 3], strides=[stride, stride], pads=[1, 1, 1, 1]
        )

    def finished(self, output: str, side: int, embedding: int) -> onnx.ModelProto:
        """The model (batch, 3, side, side) → (batch, embedding).

        Args:
            output: Name of the tensor (batch, embedding, 1, 1).
        """
        flat = self.add("Flatten", [output])
        self.nodes[-1].output[0] = OUTPUT
        assert flat != OUTPUT, "no node is called like the output"
        images = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", 3, side, side])
        vectors = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", embedding])
        model = helper.make_model(
            helper.make_graph(self.nodes, "network", [images], [vectors], self.constants),
            opset_imports=[helper.make_opsetid("", OPSET)],
            producer_name="pocketface",
        )
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model, full_check=True)
        return model


def array(tensor: Tensor) -> Double:
    """A tensor's numbers in double precision."""
    return tensor.detach().double().cpu().numpy()


def affine(norm: nn.BatchNorm2d) -> tuple[Double, Double]:
    """Scale and shift of a BatchNorm with its running statistics."""
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None, "every norm here tracks statistics"
    assert variance is not None, "every norm here tracks statistics"
    scale = array(norm.weight) / np.sqrt(array(variance) + norm.eps)
    return scale, array(norm.bias) - array(mean) * scale
