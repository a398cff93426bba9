"""Networks come back from checkpoints as they went in."""

from pathlib import Path

import pytest
import torch

from training.checkpoint import FACTS, LAST
from training.engine.state import new_state, save
from training.errors import CheckpointError
from training.nets.genotype import CIFAR, genotype_json
from training.nets.pocketnet import PocketNet
from training.nets.table import build_net
from training.recipe.sections import NetSection, OptimSection, RunSection, Stage
from training.recipe.train import TrainRecipe
from training.saved_net import saved_net

IMAGES = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def saved(run: Path, name: str, *, ema: float = 0.0, own_cell: bool = False) -> torch.nn.Module:
    recipe = TrainRecipe(
        run=RunSection(length=8, engine="torch"),
        net=NetSection(architecture=name),
        optim=OptimSection(ema=ema),
        stages=(Stage(side=16),),
    )
    net = build_net(name, CIFAR if own_cell else None, 16)
    state = new_state({"net": net}, recipe, "train")
    state.genotype = genotype_json(CIFAR).decode() if own_cell else ""
    if ema:
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.add_(1.0)
    save(state, recipe, run)
    return net.eval()


@pytest.mark.parametrize("name", ["pocketnet-8x4-16", "mobilefacenet-16", "iresnet-18-16"])
def test_any_network_answers_as_it_did(name: str, tmp_path: Path) -> None:
    original = saved(tmp_path, name)

    restored, progress = saved_net(tmp_path)

    with torch.no_grad():
        torch.testing.assert_close(restored(IMAGES), original(IMAGES), rtol=0, atol=0)
    assert (progress.kind, progress.side, restored.training) == ("train", 16, False)


def test_a_cell_of_its_own_needs_no_file(tmp_path: Path) -> None:
    saved(tmp_path, "pocketnet-8x4-16", own_cell=True)

    restored, _ = saved_net(tmp_path)

    assert isinstance(restored, PocketNet)
    assert restored.genotype == CIFAR


def test_averaged_weights_are_others_than_the_last(tmp_path: Path) -> None:
    saved(tmp_path, "pocketnet-8x4-16", ema=0.9)

    last, averaged = saved_net(tmp_path)[0], saved_net(tmp_path, "ema")[0]

    difference = last.tail.spatial.weight - averaged.tail.spatial.weight
    torch.testing.assert_close(difference, torch.ones_like(difference), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("spoil", "weights", "reason"),
    [
        (lambda text: text, "ema", "no averaged weights"),
        (lambda text: text.replace("8x4-16", "8x6-16"), "net", "another network"),
        (lambda text: text.replace("pocketnet-8x4-16", "nonsense"), "net", "is no network"),
        (lambda text: text.replace('"genotype":""', '"genotype":"[]"'), "net", "no genotype"),
        (lambda text: text[:-3], "net", "cannot be used"),
    ],
)
def test_what_does_not_fit_is_one_sentence(spoil, weights, reason: str, tmp_path: Path) -> None:
    saved(tmp_path, "pocketnet-8x4-16")
    facts = tmp_path / LAST / FACTS
    facts.write_text(spoil(facts.read_text()))

    with pytest.raises(CheckpointError, match=reason):
        saved_net(tmp_path, weights)


def test_an_empty_folder_holds_none(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is none"):
        saved_net(tmp_path)
