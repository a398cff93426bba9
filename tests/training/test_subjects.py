"""What can be measured, and through what."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import ModelContractError, PocketfaceError, UsageError
from core.vision.tensors import to_blob
from tests.training.runs import settled_net, write_run
from training.nets.plain_onnx import plain_onnx
from training.subjects import network_of, open_network, square_input, subject_name
from training.synth import draw_face

FACES = np.stack([draw_face(person, 0)[8:120, 8:120] for person in range(3)])


@pytest.mark.parametrize("architecture", ["pocketnet-8x6-16", "iresnet-18-16"])
def test_a_network_answers_through_its_graph_as_in_torch(architecture: str) -> None:
    net = settled_net(architecture)

    network = network_of(net, "small")

    with torch.no_grad():
        own = net(torch.from_numpy(to_blob(FACES, square_input(16))))
    np.testing.assert_allclose(network.raw(FACES), own.numpy(), atol=2e-3)
    unit = torch.nn.functional.normalize(own).numpy()
    np.testing.assert_allclose(network.embed(FACES), unit, atol=1e-3)


def test_a_run_is_measured_by_its_last_checkpoint(tmp_path: Path) -> None:
    write_run(tmp_path / "run", keep="0001", seed=1)
    net = write_run(tmp_path / "run")

    network = open_network(tmp_path / "run")

    assert network.name == "run"
    assert network.input_shape == (1, 3, 16, 16)
    np.testing.assert_array_equal(network.raw(FACES), network_of(net, "same").raw(FACES))


def test_a_kept_checkpoint_is_named_after_its_run(tmp_path: Path) -> None:
    net = write_run(tmp_path / "run", keep="0003")

    network = open_network(tmp_path / "run" / "kept" / "0003")

    assert network.name == "run/0003"
    np.testing.assert_array_equal(network.raw(FACES), network_of(net, "same").raw(FACES))
    assert subject_name(tmp_path / "run") == "run"


def test_an_onnx_file_without_a_card_needs_to_be_told_its_input(tmp_path: Path) -> None:
    net = settled_net()
    path = tmp_path / "model.onnx"
    path.write_bytes(plain_onnx(net).SerializeToString())

    with pytest.raises(UsageError, match="--input"):
        open_network(path)
    told = open_network(path, square_input(16))

    np.testing.assert_allclose(told.raw(FACES), network_of(net, "same").raw(FACES), atol=2e-3)


def test_an_input_that_the_graph_cannot_take_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(plain_onnx(settled_net()).SerializeToString())

    with pytest.raises(ModelContractError, match="16×16"):
        open_network(path, square_input(112))


@pytest.mark.parametrize("made", ["nothing", "empty folder", "no model"])
def test_anything_else_is_refused_in_words(made: str, tmp_path: Path) -> None:
    path = tmp_path / "subject"
    if made == "empty folder":
        path.mkdir()
    if made == "no model":
        path.write_bytes(b"anything")

    with pytest.raises(PocketfaceError) as refused:
        open_network(path, square_input(16))

    assert "subject" in refused.value.sentence
