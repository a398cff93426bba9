"""Teachers: any batch, the same answers, unit length."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from core.errors import ModelContractError
from training.nets.onnx_teacher import (
    SFACE_INPUT,
    OnnxTeacher,
    answer_all,
    free_batch,
    rewrite_prelu,
)
from training.synth import draw_face

FACES = np.stack([draw_face(person, 0)[8:120, 8:120] for person in range(5)])


def run(model: onnx.ModelProto, blob: np.ndarray) -> np.ndarray:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"data": blob})[0])


def test_the_rewritten_graph_answers_the_same_for_any_batch(world) -> None:
    model = onnx.load(str(world.teacher))
    blob = FACES[..., ::-1].transpose(0, 3, 1, 2).astype(np.float32)

    rewritten = rewrite_prelu(free_batch(model))

    assert all(node.op_type != "PRelu" for node in rewritten.graph.node)
    one_by_one = np.concatenate([run(model, blob[i : i + 1]) for i in range(len(blob))])
    np.testing.assert_allclose(run(rewritten, blob), one_by_one, rtol=1e-4, atol=1e-3)


def test_answers_are_of_unit_length_and_in_order(world) -> None:
    teacher = OnnxTeacher(world.teacher, SFACE_INPUT)

    answers = np.concatenate(list(answer_all(teacher, FACES)))

    np.testing.assert_allclose(np.linalg.norm(answers, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(answers[3], teacher.answer(FACES[3:4])[0], atol=1e-5)


def test_what_is_no_model_is_refused(tmp_path) -> None:
    path = tmp_path / "teacher.onnx"
    path.write_bytes(b"no model")

    with pytest.raises(ModelContractError):
        OnnxTeacher(path, SFACE_INPUT)
