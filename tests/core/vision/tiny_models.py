"""Small ONNX graphs made on the spot: recognisers, right and wrong in every way that matters."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Tail = Literal["", "softmax", "nan", "zero", "constant", "two outputs", "map", "sigmoid"]


def tiny_embedder(
    *,
    size: int | str = 112,
    batch: int | str = 1,
    layout: Literal["nchw", "nhwc"] = "nchw",
    kind: int = TensorProto.FLOAT,
    dim: int = 32,
    tail: Tail = "",
    grey: bool = False,
) -> bytes:
    """Averages over a grid, then a random matrix: a poor recogniser that sees colour and place.

    Args:
        grey: Averages the channels first, so that their order makes no difference.
    """
    shape = [batch, 3, size, size] if layout == "nchw" else [batch, size, size, 3]
    side = 112 if isinstance(size, str) else size
    grid = 7 if side % 7 == 0 else 8  # the picture is averaged over grid × grid fields
    field = side // grid
    weights = np.random.default_rng(5).standard_normal((3 * grid * grid, dim))
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    if kind in (TensorProto.UINT8, TensorProto.INT32):
        passed_on = helper.make_node("Identity", ["picture"], ["fields"])
        return _pack([passed_on], [], shape, kind, ["fields"])
    constants = [
        numpy_helper.from_array(weights.astype(dtype), "weights"),
        numpy_helper.from_array(np.array([-1, 3, grid, field, grid, field], np.int64), "grid"),
        numpy_helper.from_array(np.array([-1, 3 * grid * grid], np.int64), "flat"),
        numpy_helper.from_array(np.array(1000, dtype), "scale"),
    ]
    nodes = []
    last = "picture"
    if layout == "nhwc":
        nodes.append(helper.make_node("Transpose", [last], ["turned"], perm=[0, 3, 1, 2]))
        last = "turned"
    if grey:
        mix = np.full((3, 3, 1, 1), 1 / 3, dtype)
        constants.append(numpy_helper.from_array(mix, "mix"))
        nodes.append(helper.make_node("Conv", [last, "mix"], ["grey"]))
        last = "grey"
    nodes += [
        helper.make_node("Reshape", [last, "grid"], ["cells"]),
        helper.make_node("ReduceMean", ["cells"], ["fields"], axes=[3, 5], keepdims=0),
        helper.make_node("Reshape", ["fields", "flat"], ["row"]),
        helper.make_node("MatMul", ["row", "weights"], ["raw"]),
        helper.make_node("Div", ["raw", "scale"], ["vector"]),
    ]
    nodes, outputs = _with_tail(nodes, tail, dtype)
    return _pack(nodes, constants, shape, kind, outputs)


def _with_tail(
    nodes: list[onnx.NodeProto], tail: Tail, dtype: np.dtype
) -> tuple[list[onnx.NodeProto], list[str]]:
    def constant(value: float) -> onnx.NodeProto:
        return helper.make_node(
            "Constant", [], ["number"], value=numpy_helper.from_array(np.array(value, dtype))
        )

    ends: dict[Tail, tuple[list[onnx.NodeProto], list[str]]] = {
        "": ([], ["vector"]),
        "softmax": ([helper.make_node("Softmax", ["vector"], ["end"], axis=1)], ["end"]),
        "sigmoid": (
            [
                constant(0.01),
                helper.make_node("Mul", ["vector", "number"], ["small"]),
                helper.make_node("Sigmoid", ["small"], ["end"]),
            ],
            ["end"],
        ),
        "nan": (
            [constant(np.nan), helper.make_node("Mul", ["vector", "number"], ["end"])],
            ["end"],
        ),
        "zero": ([constant(0.0), helper.make_node("Mul", ["vector", "number"], ["end"])], ["end"]),
        "constant": (
            [
                constant(0.0),
                helper.make_node("Mul", ["vector", "number"], ["nothing"]),
                helper.make_node("Cos", ["nothing"], ["end"]),
            ],
            ["end"],
        ),
        "two outputs": ([], ["vector", "row"]),
        "map": ([], ["fields"]),
    }
    more, outputs = ends[tail]
    return nodes + more, outputs


def _open_shape(output: str) -> list[str]:
    rank = 4 if output == "fields" else 2
    return [f"{output}_{axis}" for axis in range(rank)]


def _pack(
    nodes: Sequence[onnx.NodeProto],
    constants: Sequence[onnx.TensorProto],
    shape: list[int | str],
    kind: int,
    outputs: Sequence[str],
) -> bytes:
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("picture", kind, shape)],
        [helper.make_tensor_value_info(name, kind, _open_shape(name)) for name in outputs],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return model.SerializeToString()


def with_weights_apart(
    location: str = "tiny.data", offset: int = 64
) -> tuple[bytes, dict[str, bytes]]:
    """The tiny recogniser, its largest weights in a file of their own, some way into it."""
    model = onnx.load_from_string(tiny_embedder())
    tensor = model.graph.initializer[0]
    raw = tensor.raw_data
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    facts = {"location": location, "offset": str(offset), "length": str(len(raw))}
    for key, value in facts.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    return model.SerializeToString(), {location: bytes(offset) + raw + b"rest"}
