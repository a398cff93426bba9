import hashlib
import os
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from training.export.symbolic_yunet import SOURCE_SHA256, make_symbolic

PACK = Path(__file__).parents[3] / "resources" / "models" / "yunet"


def fixed_size_model() -> onnx.ModelProto:
    """A convolution at 64×64, its weights among the inputs as old exporters put them."""
    weights = numpy_helper.from_array(
        numpy_helper.to_array(helper.make_tensor("w", TensorProto.FLOAT, [1, 3, 1, 1], [1, 2, 3])),
        "w",
    )
    shape = helper.make_tensor("shape", TensorProto.INT64, [3], [1, -1, 1])
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["input", "w"], ["map"]),
            helper.make_node("Reshape", ["map", "shape"], ["cls_8"]),
        ],
        "fixed",
        [
            helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 64, 64]),
            helper.make_tensor_value_info("w", TensorProto.FLOAT, [1, 3, 1, 1]),
        ],
        [helper.make_tensor_value_info("cls_8", TensorProto.FLOAT, [1, 64 * 64, 1])],
        [weights, shape],
        value_info=[helper.make_tensor_value_info("map", TensorProto.FLOAT, [1, 1, 64, 64])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=6)


def test_height_and_width_are_open_and_everything_else_stays() -> None:
    model = fixed_size_model()

    result = make_symbolic(model)

    dims = result.graph.input[0].type.tensor_type.shape.dim
    assert [dim.dim_param or dim.dim_value for dim in dims] == [1, 3, "height", "width"]
    assert [value.name for value in result.graph.input] == ["input"]
    assert list(result.graph.node) == list(model.graph.node)
    assert list(result.graph.initializer) == list(model.graph.initializer)
    assert not result.graph.value_info


def test_the_given_model_is_not_changed() -> None:
    model = fixed_size_model()
    before = model.SerializeToString()

    make_symbolic(model)

    assert model.SerializeToString() == before


def test_the_shipped_detector_is_the_published_one_made_symbolic() -> None:
    folder = os.environ.get("POCKETFACE_SHARED")
    if not folder:
        pytest.skip("POCKETFACE_SHARED names no folder with the published model")
    published = (Path(folder) / "models" / "face_detection_yunet_2023mar.onnx").read_bytes()
    assert hashlib.sha256(published).hexdigest() == SOURCE_SHA256

    shipped = onnx.load_from_string((PACK / "model.onnx").read_bytes())

    assert make_symbolic(onnx.load_from_string(published)) == shipped
