"""Checkpoints on disk: whole or not at all, the one before kept."""

from pathlib import Path

import pytest
import torch

from training.checkpoint import (
    Progress,
    is_checkpoint,
    load_checkpoint,
    part_of,
    recipe_of,
    save_checkpoint,
)
from training.errors import CheckpointError, TrainingDivergedError
from training.order import Position
from training.recipe.distil import DistilRecipe
from training.recipe.sections import NetSection
from training.recipe.train import TrainRecipe

ONE = {"net.a": torch.zeros(1)}


def progress(presentations: int) -> Progress:
    return Progress(
        kind="distil", step=1, presentations=presentations, by_side={"16": presentations},
        side=16, position=Position(1, 2, 3), net=NetSection(),
        recipe={"run": {"length": 9}, "stages": [{"side": 48}], "follow": "RUN"},
    )  # fmt: skip


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    tensors = {"net.a": torch.randn(2, 3), "ema.a": torch.zeros(1)}

    save_checkpoint(tmp_path, progress(8), tensors)

    loaded, back = load_checkpoint(tmp_path)
    assert loaded == progress(8)
    assert torch.equal(back["net.a"], tensors["net.a"])


def test_the_one_before_serves_when_the_last_is_gone(tmp_path: Path) -> None:
    for count in (8, 16):
        save_checkpoint(tmp_path, progress(count), ONE)
    (tmp_path / "last").rename(tmp_path / "taken away")

    assert load_checkpoint(tmp_path)[0].presentations == 8


def test_an_interrupted_save_leaves_the_last_in_place(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, progress(8), ONE)
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "state.json").write_text("half")

    assert load_checkpoint(tmp_path)[0].presentations == 8
    save_checkpoint(tmp_path, progress(16), ONE)
    assert load_checkpoint(tmp_path)[0].presentations == 16


def test_a_kept_one_lies_beside_the_last(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, progress(8), ONE)
    save_checkpoint(tmp_path, progress(4), ONE, keep="0001")

    assert load_checkpoint(tmp_path)[0].presentations == 8
    assert load_checkpoint(tmp_path / "kept" / "0001")[0].presentations == 4


def test_a_number_that_is_none_is_never_saved(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, progress(8), ONE)

    with pytest.raises(TrainingDivergedError, match=r"net\.a is not finite"):
        save_checkpoint(tmp_path, progress(16), {"net.a": torch.tensor([float("inf")])})
    assert load_checkpoint(tmp_path)[0].presentations == 8


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert not is_checkpoint(tmp_path)
    with pytest.raises(CheckpointError, match="there is none"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize("spoil", ["state.json", "state.safetensors"])
def test_a_damaged_checkpoint_is_refused(spoil: str, tmp_path: Path) -> None:
    save_checkpoint(tmp_path, progress(8), ONE)
    (tmp_path / "last" / spoil).write_bytes(b"damaged")

    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path)


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, progress(8), ONE)
    path = tmp_path / "last" / "state.json"
    path.write_text(path.read_text().replace('"format":2', '"format":9, "new": 1'))

    with pytest.raises(CheckpointError, match="format is 9"):
        load_checkpoint(tmp_path)


def test_a_recipe_comes_back_as_its_own_kind() -> None:
    assert recipe_of(progress(8), DistilRecipe).run.length == 9
    with pytest.raises(CheckpointError, match="distil run"):
        recipe_of(progress(8), TrainRecipe)


def test_part_of_takes_the_prefix_off() -> None:
    tensors = {"net.a.b": torch.zeros(1), "netto.a": torch.ones(1)}

    assert list(part_of(tensors, "net")) == ["a.b"]
