"""What can be measured, and through what."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import ModelContractError
from core.vision.tensors import to_blob
from training import engine
from training.nets.genotype import CASIA
from training.nets.pocketnet import PocketNet, Shape, named_pocketnet
from training.recipe import CheckpointError, Recipe, RunSection, Stage
from training.subjects import network_of, open_network, pocketnet_input, trained_net
from training.synth import draw_face

FACES = np.stack([draw_face(person, 0)[8:120, 8:120] for person in range(3)])
PLAN = Recipe(run=RunSection(presentations=8), stages=(Stage(until=8, side=16, strength=0),))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    torch.manual_seed(0)
    state = engine.new_state(named_pocketnet("pocketnet-s-128", side=16), PLAN)
    with torch.no_grad():
        state.net.tail.norm.bias += 5  # the average stays behind
    engine.save(state, PLAN, folder)
    return folder


def test_a_run_is_measured_by_its_last_weights(run: Path) -> None:
    net, progress = trained_net(run)

    assert float(net.tail.norm.bias.detach().mean()) == 5
    assert progress.side == 16
    assert open_network(run).embed(FACES).shape == (3, 128)


def test_the_average_can_be_asked_for(run: Path) -> None:
    assert float(trained_net(run, "ema")[0].tail.norm.bias.detach().mean()) == 0


def test_embeddings_are_unit_vectors_of_the_networks_own_answer() -> None:
    net = PocketNet(Shape(8, 6, 16), CASIA, 48).train()
    net(torch.randn(8, 3, 48, 48))
    net.eval()

    vectors = network_of(net, "small").embed(FACES)

    with torch.no_grad():
        own = net(torch.from_numpy(to_blob(FACES, pocketnet_input(48))))
    expected = torch.nn.functional.normalize(own).numpy()
    np.testing.assert_allclose(vectors, expected, atol=1e-3)


def test_a_file_without_a_card_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"anything")

    with pytest.raises(ModelContractError, match="without a card"):
        open_network(path)


def test_a_run_folder_without_a_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        trained_net(tmp_path)
