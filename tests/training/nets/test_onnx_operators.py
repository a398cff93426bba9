"""Every operator answers as onnxruntime does."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from core.errors import ModelContractError
from training.nets.onnx_operators import OPERATORS
from training.nets.onnx_torch import torch_form

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(0, 2, (2, 6, 9, 8)).astype(np.float32)


def floats(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).normal(0, 1, shape).astype(np.float32)


def whole(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def small_graph(
    kind: str,
    constants: list[np.ndarray],
    attributes: dict[str, object],
    opset: int = 17,
    outputs: int = 1,
) -> onnx.ModelProto:
    names = [f"c{index}" for index in range(len(constants))]
    made = [f"y{index}" for index in range(outputs)]
    node = helper.make_node(kind, ["x", *names], made, **attributes)
    graph = helper.make_graph(
        [node],
        "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(X.shape))],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in made],
        [numpy_helper.from_array(c, name) for c, name in zip(constants, names, strict=True)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    return model


def by_onnxruntime(model: onnx.ModelProto) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return [np.asarray(answer) for answer in session.run(None, {"x": X})]


def by_torch(model: onnx.ModelProto) -> list[np.ndarray]:
    names = [value.name for value in model.graph.output]
    _, *answers = torch_form(model, "one", names)(torch.from_numpy(X.copy()))
    return [answer.numpy() for answer in answers]


UNARY = ("Dropout", "Elu", "GlobalAveragePool", "GlobalMaxPool", "HardSigmoid", "HardSwish")
UNARY += ("Identity", "LeakyRelu", "Neg", "Relu", "Sigmoid", "Softmax", "Tanh", "Flatten")
MORE_PADS = {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 2, 1]}
CASES = [
    *((kind, [], {}) for kind in UNARY),
    ("Elu", [], {"alpha": 0.3}),
    ("LeakyRelu", [], {"alpha": 0.3}),
    ("HardSigmoid", [], {"alpha": 0.1, "beta": 0.4}),
    ("Flatten", [], {"axis": 2}),
    ("Flatten", [], {"axis": 0}),
    ("Softmax", [], {"axis": 1}),
    *((kind, [floats(6, 1, 1) ** 2 + 1], {}) for kind in ("Add", "Sub", "Mul", "Div")),
    ("Pow", [np.float32([2.0])], {}),
    ("Conv", [floats(4, 6, 3, 3), floats(4)], {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
    ("Conv", [floats(6, 1, 3, 2)], {"group": 6, "pads": [1, 0, 2, 1], "dilations": [2, 1]}),
    ("Conv", [floats(4, 6, 3, 3)], {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    ("Conv", [floats(4, 6, 2, 2)], {"auto_pad": "SAME_LOWER"}),
    ("Conv", [floats(4, 6, 3, 3)], {"auto_pad": "VALID"}),
    ("BatchNormalization", [floats(6), floats(6), floats(6), floats(6) ** 2 + 0.1], {}),
    (
        "BatchNormalization",
        [floats(6), floats(6), floats(6), floats(6) ** 2 + 0.1],
        {"epsilon": 0.5},
    ),
    ("PRelu", [floats(6, 1, 1)], {}),
    ("PRelu", [floats(1)], {}),
    ("MatMul", [floats(8, 5)], {}),
    ("Reshape", [whole(2, -1)], {}),
    ("Reshape", [whole(0, 3, -1, 8)], {}),
    ("MaxPool", [], MORE_PADS),
    ("MaxPool", [], {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}),
    ("AveragePool", [], MORE_PADS),
    ("AveragePool", [], {**MORE_PADS, "count_include_pad": 1}),
    ("Concat", [floats(2, 3, 9, 8)], {"axis": 1}),
    ("Transpose", [], {"perm": [0, 2, 3, 1]}),
    ("Transpose", [], {}),
    ("Slice", [whole(1), whole(2**31 - 1), whole(2), whole(2)], {}),
    ("Slice", [whole(0, -3), whole(5, -1), whole(1, 3)], {}),
    ("Clip", [np.float32(-1), np.float32(0.5)], {}),
    ("Clip", [np.float32(0.5)], {}),
    ("Pad", [whole(0, 1, 2, 0, 0, 0, 1, 3), np.float32(0.25)], {}),
    ("Gather", [whole(3, -1)], {"axis": 1}),
    ("Gather", [np.array(2, dtype=np.int64)], {"axis": 2}),
    ("Unsqueeze", [whole(0, -1)], {}),
    ("ReduceMean", [], {"axes": [2, 3], "keepdims": 0}),
    ("ReduceMean", [], {}),
    ("ReduceL2", [], {"axes": [1]}),
    ("Cast", [], {"to": TensorProto.FLOAT}),
]


@pytest.mark.parametrize(("kind", "constants", "attributes"), CASES)
def test_an_operator_answers_as_onnxruntime(kind, constants, attributes) -> None:
    model = small_graph(kind, constants, attributes)

    (expected,), (answer,) = by_onnxruntime(model), by_torch(model)

    np.testing.assert_allclose(answer, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "attributes", "opset"),
    [
        ("Clip", {"min": -0.5, "max": 0.5}, 10),
        ("Slice", {"starts": [1], "ends": [3], "axes": [1]}, 9),
        ("Unsqueeze", {"axes": [1]}, 11),
        ("Pad", {"pads": [0, 0, 1, 1, 0, 0, 1, 1], "value": 2.0}, 10),
        ("Dropout", {"ratio": 0.5}, 11),
    ],
)
def test_the_form_of_old_graphs_is_read_too(kind: str, attributes, opset: int) -> None:
    model = small_graph(kind, [], attributes, opset)

    np.testing.assert_allclose(by_torch(model)[0], by_onnxruntime(model)[0], rtol=1e-5, atol=1e-6)


def test_the_new_form_of_reductions_takes_axes_as_an_input() -> None:
    model = small_graph("ReduceMean", [whole(2, 3)], {"keepdims": 1}, 18)

    np.testing.assert_allclose(by_torch(model)[0], by_onnxruntime(model)[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("constants", [[], [whole(2, 4)]])
def test_a_split_gives_all_its_parts(constants) -> None:
    model = small_graph("Split", constants, {"axis": 1}, 17, outputs=2)

    for answer, expected in zip(by_torch(model), by_onnxruntime(model), strict=True):
        np.testing.assert_array_equal(answer, expected)


def test_gemm_and_the_rest_of_a_dense_tail() -> None:
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["pooled"]),
        helper.make_node("Squeeze", ["pooled", "axes"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w", "b"], ["fc"], transB=1, alpha=0.5, beta=2.0),
        helper.make_node("Mul", ["fc", "fc"], ["square"]),
        helper.make_node("Sqrt", ["square"], ["y"]),
    ]
    constants = {"axes": whole(2, 3), "w": floats(4, 6), "b": floats(4)}
    graph = helper.make_graph(
        nodes,
        "tail",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(X.shape))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8

    np.testing.assert_allclose(by_torch(model)[0], by_onnxruntime(model)[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "constants", "attributes", "reason"),
    [
        ("Conv", [floats(4, 6, 3)], {}, "convolution over 1 axes"),
        ("AveragePool", [], {"kernel_shape": [2, 2], "ceil_mode": 1}, "rounds up"),
        ("Slice", [whole(5), whole(0), whole(1), whole(-1)], {}, "backwards"),
        ("Pad", [whole(0, 0, 1, 1, 0, 0, 1, 1)], {"mode": "reflect"}, "constant"),
        ("Cast", [], {"to": TensorProto.BOOL}, "element type 9"),
    ],
)
def test_a_form_that_is_not_known_is_one_sentence(kind, constants, attributes, reason) -> None:
    module = torch_form(small_graph(kind, constants, attributes), "teacher.onnx")

    with pytest.raises(ModelContractError, match=f"teacher.onnx.*{kind}.*{reason}"):
        module(torch.from_numpy(X))


def test_every_operator_of_the_table_is_tried_here() -> None:
    tried = {kind for kind, *_ in CASES} | {"Split", "Gemm", "Squeeze", "Sqrt"}

    # Shape is tried in test_onnx_torch, inside the chain it stands in.
    assert set(OPERATORS) - tried == {"Shape"}
