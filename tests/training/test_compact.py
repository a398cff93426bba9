"""The small file: half precision, itself described, refused where it is another's."""

from pathlib import Path

import pytest
import torch

from training.checkpoint import load_checkpoint, part_of
from training.compact import load_compact, write_compact
from training.engine.state import new_state, save
from training.errors import CheckpointError
from training.nets.pocketnet import named_pocketnet
from training.recipe.distil import DistilRecipe
from training.recipe.sections import RunSection, Stage

KEPT = Path(__file__).parents[2] / "training" / "checkpoints" / "pocketnet-s-128.safetensors"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    plan = DistilRecipe(run=RunSection(length=10), stages=(Stage(side=48),))
    state = new_state({"net": named_pocketnet("pocketnet-s-128", side=48)}, plan, "distil")
    state.presentations, state.by_side = 7, {"48": 7}
    save(state, plan, folder)
    return folder


def test_it_restores_weights_to_half_precision_and_stays_small(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "small.safetensors"
    write_compact(run, file)
    net = named_pocketnet("pocketnet-s-128")

    header = load_compact(net, file)

    original = part_of(load_checkpoint(run)[1], "net")
    assert file.stat().st_size <= 2_000_000
    assert (header.presentations, header.by_side, net.input_side) == (7, {"48": 7}, 48)
    loaded = net.state_dict()
    for name, value in original.items():
        if value.is_floating_point():
            torch.testing.assert_close(loaded[name], value, rtol=1e-3, atol=1e-6)


def test_another_network_or_file_is_refused(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "small.safetensors"
    write_compact(run, file)

    with pytest.raises(CheckpointError):
        load_compact(named_pocketnet("pocketnet-m-128"), file)
    with pytest.raises(CheckpointError):
        load_compact(named_pocketnet("pocketnet-s-128"), tmp_path / "none.safetensors")
    file.write_bytes(b"damaged")
    with pytest.raises(CheckpointError):
        load_compact(named_pocketnet("pocketnet-s-128"), file)


@pytest.mark.model
def test_the_file_that_is_kept_can_be_gone_on_from() -> None:
    net = named_pocketnet("pocketnet-s-128")

    header = load_compact(net, KEPT)

    assert KEPT.stat().st_size <= 2_000_000
    assert header.presentations == sum(header.by_side.values())
    assert torch.isfinite(net.eval()(torch.zeros(1, 3, net.input_side, net.input_side))).all()
