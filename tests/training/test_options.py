"""Every option of a supervised training changes what it trains, and only a change does."""

from pathlib import Path

import pytest
import torch

from training.checkpoint import load_checkpoint, part_of
from training.synth import write_shard
from training.train import main

pytestmark = pytest.mark.train

RECIPE = """
[run]
unit = "steps"
length = 3
batch = 6
engine = "torch"
[net]
architecture = "pocketnet-8x4-16"
[head]
kind = "arcface"
scale = 16.0
[optim]
kind = "sgd"
rate = 0.05
momentum = 0.9
[[stages]]
side = 16
strength = 0.5
"""

CHANGES = [
    ["run.seed=2"],
    ["run.length=2"],
    ["run.batch=4"],
    ["run.accumulate=2"],
    ["run.precision=bf16"],
    ["net.architecture=pocketnet-8x5-16"],
    ["data.fewest_crops=5"],
    ["data.held_out_share=0.4"],
    ["head.kind=cosface"],
    ["head.kind=adaface"],
    ["head.margin=0.1"],
    ["head.scale=8"],
    ["head.sampled=0.5"],
    ["optim.kind=adamw", "optim.rate=0.01"],
    ["optim.kind=muon", "optim.rate=0.01"],
    ["optim.rate=0.01"],
    ["optim.momentum=0.5"],
    ["optim.nesterov=true"],
    ["optim.weight_decay=0.5"],
    ["optim.weight_decay=0.5", "optim.decay_all=true"],
    ["optim.clip=0.1"],
    ["schedule.kind=linear"],
    ["schedule.kind=cosine"],
    ["schedule.kind=one-cycle"],
    ["schedule.kind=drops", "schedule.drops=[1]"],
    ["schedule.warm_up=2"],
    ["stages.0.strength=1.0"],
    ["stages.0.side=24"],
]


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("options")
    write_shard(folder / "data", "synth-00", range(5), 6)
    write_shard(folder / "data", "synth-01", range(5, 7), 4)
    (folder / "recipe.toml").write_text(RECIPE)
    return folder


def weights(faces: Path, out: Path, changes: list[str]) -> dict[str, torch.Tensor]:
    sets = [word for change in changes for word in ("--set", change)]
    recipe, data, cache = (str(faces / name) for name in ("recipe.toml", "data", "cache"))
    assert main([recipe, "--data", data, "--cache", cache, "--out", str(out), *sets]) == 0
    return part_of(load_checkpoint(out)[1], "net")


@pytest.fixture(scope="module")
def usual(faces: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    return weights(faces, tmp_path_factory.mktemp("usual"), [])


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        torch.equal(value, other[name]) for name, value in one.items()
    )


@pytest.mark.parametrize("changes", [[], ["run.workers=2"], ["run.log_steps=1"]], ids=str)
def test_what_is_no_change_of_the_training_repeats_it_exactly(
    changes: list[str], faces: Path, usual, tmp_path: Path
) -> None:
    assert equal(weights(faces, tmp_path, changes), usual)


@pytest.mark.parametrize("changes", CHANGES, ids=" ".join)
def test_an_option_changes_the_weights(
    changes: list[str], faces: Path, usual, tmp_path: Path
) -> None:
    assert not equal(weights(faces, tmp_path, changes), usual)


def test_decaying_everything_differs_from_decaying_matrices(
    faces: Path, usual, tmp_path: Path
) -> None:
    decay = ["optim.weight_decay=0.5"]

    matrices = weights(faces, tmp_path / "matrices", decay)
    everything = weights(faces, tmp_path / "everything", [*decay, "optim.decay_all=true"])

    assert float(matrices["stem_norm.weight"].mean()) > float(everything["stem_norm.weight"].mean())
