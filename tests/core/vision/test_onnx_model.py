import hashlib
import logging
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from core.errors import ModelContractError, ModelDigestError
from core.vision.onnx_model import open_session, runtime_facts
from tests.core.vision.tiny_models import tiny_embedder


def picture(kind: type = np.float32) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (1, 3, 112, 112)).astype(kind)


def test_a_session_states_what_it_asked_for_got_and_takes() -> None:
    session = open_session(tiny_embedder(dim=32), "tiny", threads=2)

    assert session.provider_asked == session.provider_got == "CPUExecutionProvider"
    assert session.threads == 2
    assert session.input.shape == (1, 3, 112, 112)
    assert session.input.kind == "tensor(float)"
    assert session.run(picture())[0].shape == (1, 32)


def test_sizes_the_graph_leaves_open_read_as_none() -> None:
    session = open_session(tiny_embedder(batch="n", size="side"), "tiny")

    assert session.input.shape == (None, 3, None, None)


def test_threads_are_stated_and_do_not_spin() -> None:
    options = open_session(tiny_embedder(), "tiny", threads=3).runner.get_session_options()

    assert options.intra_op_num_threads == 3
    assert options.inter_op_num_threads == 1
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert options.get_session_config_entry("session.inter_op.allow_spinning") == "0"


@pytest.mark.parametrize("kind", [TensorProto.FLOAT16, TensorProto.DOUBLE])
def test_half_and_double_precision_are_fed_as_such(kind: int) -> None:
    expected = open_session(tiny_embedder(), "tiny").run(picture())[0]

    found = open_session(tiny_embedder(kind=kind), "tiny").run(picture())[0]

    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_an_input_of_integers_is_refused_by_name() -> None:
    with pytest.raises(ModelContractError) as caught:
        open_session(tiny_embedder(kind=TensorProto.UINT8), "tiny")

    assert "tensor(uint8)" in caught.value.sentence


def test_one_flipped_bit_is_noticed() -> None:
    model = bytearray(tiny_embedder())
    digest = hashlib.sha256(model).hexdigest()
    model[len(model) // 2] ^= 1

    with pytest.raises(ModelDigestError) as caught:
        open_session(bytes(model), "tiny", sha256=digest)

    assert caught.value.code == "model.digest"


@pytest.mark.parametrize("data", [b"", b"no model at all", bytes(1000)])
def test_bytes_that_are_no_model_get_one_sentence(data: bytes) -> None:
    with pytest.raises(ModelContractError) as caught:
        open_session(data, "broken")

    assert caught.value.code == "model.contract"
    assert "broken" in caught.value.sentence


def test_a_picture_of_the_wrong_size_is_a_contract_error_and_not_a_crash() -> None:
    session = open_session(tiny_embedder(), "tiny")

    with pytest.raises(ModelContractError) as caught:
        session.run(np.zeros((1, 3, 64, 64), np.float32))

    assert "(1, 3, 64, 64)" in caught.value.sentence


def test_a_model_with_hundreds_of_warnings_loads_silently(
    shared: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    model = (shared / "models" / "face_recognition_sface_2021dec.onnx").read_bytes()

    with caplog.at_level(logging.DEBUG):
        open_session(model, "sface")

    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_the_runtime_tells_its_version_and_providers() -> None:
    facts = runtime_facts()

    assert facts.version[0].isdigit()
    assert "CPUExecutionProvider" in facts.providers
