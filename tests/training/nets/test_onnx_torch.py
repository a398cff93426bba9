"""A graph as a torch module: the same answers, inner maps, any batch, gradients."""

import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from core.errors import ModelContractError
from training.nets.onnx_teacher import SFACE_INPUT, OnnxTeacher, fast_form
from training.nets.onnx_torch import read_torch_form, torch_form
from training.synth import draw_face

RESOURCES = Path(__file__).parents[3] / "resources" / "models"
FACES = np.stack([draw_face(person, 0)[8:120, 8:120] for person in range(3)])
BLOB = FACES[..., ::-1].transpose(0, 3, 1, 2).astype(np.float32)


def shared_model(name: str) -> Path:
    folder = os.environ.get("POCKETFACE_SHARED")
    path = Path(folder or "") / "models" / name
    if not folder or not path.is_file():
        pytest.skip(f"POCKETFACE_SHARED names no folder with models/{name}")
    return path


def shape_chain() -> onnx.ModelProto:
    """Flattens by computing (batch, -1) from the input's own shape, as exporters do."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["map"], strides=[16, 16]),
        helper.make_node("Shape", ["map"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["batch"], axis=0),
        helper.make_node("Unsqueeze", ["batch", "axes"], ["first"]),
        helper.make_node("Constant", [], ["rest"], value_ints=[-1]),
        helper.make_node("Concat", ["first", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["map", "target"], ["flat"]),
        helper.make_node("MatMul", ["flat", "matrix"], ["y"]),
    ]
    constants = {
        "w": np.random.default_rng(0).normal(0, 0.01, (4, 3, 16, 16)).astype(np.float32),
        "zero": np.array(0, dtype=np.int64),
        "axes": np.array([0], dtype=np.int64),
        "matrix": np.random.default_rng(1).normal(0, 1, (4 * 49, 8)).astype(np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "chain",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 112, 112])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 8])],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model


def by_onnxruntime(model: onnx.ModelProto, blob: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return np.asarray(session.run(None, {session.get_inputs()[0].name: blob})[0])


def test_a_teacher_of_fixed_batch_answers_the_same_for_any_batch(world) -> None:
    model = onnx.load(str(world.teacher))
    expected = np.concatenate([by_onnxruntime(model, BLOB[i : i + 1]) for i in range(3)])

    (embedding,) = read_torch_form(world.teacher)(torch.from_numpy(BLOB))

    np.testing.assert_allclose(embedding.numpy(), expected, rtol=1e-4, atol=1e-2)


def test_a_chain_that_computes_a_shape_works_for_any_batch() -> None:
    model = shape_chain()

    (embedding,) = torch_form(model, "chain")(torch.from_numpy(BLOB))

    expected = by_onnxruntime(model, BLOB)
    np.testing.assert_allclose(embedding.numpy(), expected, rtol=1e-3, atol=1e-2)


def test_inner_maps_follow_the_embedding_and_equal_the_onnx_teachers(world) -> None:
    teacher = OnnxTeacher(world.teacher, SFACE_INPUT, maps=("active", "conv"))
    _, expected = teacher.answer_with_maps(FACES)

    module = read_torch_form(world.teacher, ("active", "conv"))
    _, active, conv = module(torch.from_numpy(BLOB))

    assert module.names == ("fc1", "active", "conv")
    np.testing.assert_allclose(active.numpy(), expected[0], rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(conv.numpy(), expected[1], rtol=1e-4, atol=1e-3)


def test_nothing_of_it_can_be_trained_but_gradients_reach_the_pixels(world) -> None:
    module = read_torch_form(world.teacher)
    pixels = torch.from_numpy(BLOB).requires_grad_()

    module(pixels)[0].sum().backward()

    assert list(module.parameters()) == []
    assert pixels.grad is not None
    assert float(pixels.grad.abs().max()) > 0


def test_its_constants_move_with_it(world) -> None:
    module = read_torch_form(world.teacher).to(torch.float64)

    (embedding,) = module(torch.from_numpy(BLOB).double())

    assert embedding.dtype == torch.float64


def test_an_unknown_map_offers_near_names(world) -> None:
    with pytest.raises(ModelContractError, match="'activ'; near names are active"):
        read_torch_form(world.teacher, ("activ",))


def test_an_unknown_layer_is_named_in_one_sentence() -> None:
    model = shape_chain()
    model.graph.node[-1].op_type = "MatMulInteger"

    with pytest.raises(ModelContractError, match=r"teacher\.onnx.*MatMulInteger has no torch form"):
        torch_form(model, "teacher.onnx")


@pytest.mark.parametrize("content", [b"no model", None])
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "teacher.onnx"
    if content:
        path.write_bytes(content)

    with pytest.raises(ModelContractError, match=r"teacher\.onnx"):
        read_torch_form(path)


@pytest.mark.model
def test_the_shipped_network_answers_as_in_onnxruntime() -> None:
    path = RESOURCES / "pocketnet-s-128" / "model.onnx"
    side = onnx.load(str(path)).graph.input[0].type.tensor_type.shape.dim[3].dim_value
    blob = (BLOB[:, :, :side, :side] - 127.5) / np.float32(127.5)

    (embedding,) = read_torch_form(path)(torch.from_numpy(blob))

    expected = torch.from_numpy(by_onnxruntime(onnx.load(str(path)), blob))
    assert float(torch.cosine_similarity(embedding, expected).min()) > 1 - 1e-5


@pytest.mark.model
def test_a_detector_is_refused_by_the_layer_it_has_too_much() -> None:
    with pytest.raises(ModelContractError, match=r"model\.onnx.*layer Resize has no torch form"):
        read_torch_form(RESOURCES / "yunet" / "model.onnx")


@pytest.mark.model
@pytest.mark.parametrize(
    ("name", "scale"),
    [("face_recognition_sface_2021dec.onnx", 1.0), ("mobilefacenet_foamliu.onnx", 1 / 128)],
)
def test_published_networks_answer_as_in_onnxruntime(name: str, scale: float) -> None:
    path = shared_model(name)
    blob = BLOB * np.float32(scale)
    model = onnx.load_from_string(fast_form(path.read_bytes(), name))

    with torch.no_grad():
        (embedding,) = read_torch_form(path)(torch.from_numpy(blob))

    expected = by_onnxruntime(model, blob)
    assert embedding.shape == expected.shape == (3, 128)
    cosines = torch.cosine_similarity(embedding, torch.from_numpy(expected))
    assert float(cosines.min()) > 1 - 1e-5
