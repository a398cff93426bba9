"""Checkpoints on disk: whole or not at all, the one before kept."""

from pathlib import Path

import pytest
import torch

from training.checkpoint import Progress, load_checkpoint, part_of, save_checkpoint
from training.data.batches import Position
from training.recipe import CheckpointError, Recipe, RunSection, Stage

RECIPE = Recipe(run=RunSection(presentations=8), stages=(Stage(until=8, side=16, strength=0),))


def progress(presentations: int) -> Progress:
    return Progress(
        step=1, presentations=presentations, by_side={"16": presentations}, side=16,
        position=Position(1, 2, 3), recipe=RECIPE,
    )  # fmt: skip


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    tensors = {"net.a": torch.randn(2, 3), "ema.a": torch.zeros(1)}

    save_checkpoint(tmp_path, progress(8), tensors)

    loaded, back = load_checkpoint(tmp_path)
    assert loaded == progress(8)
    assert torch.equal(back["net.a"], tensors["net.a"])


def test_the_one_before_serves_when_the_last_is_gone(tmp_path: Path) -> None:
    for count in (8, 16):
        save_checkpoint(tmp_path, progress(count), {"net.a": torch.zeros(1)})
    (tmp_path / "last").rename(tmp_path / "taken away")

    assert load_checkpoint(tmp_path)[0].presentations == 8


def test_an_interrupted_save_leaves_the_last_in_place(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, progress(8), {"net.a": torch.zeros(1)})
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "state.json").write_text("half")

    assert load_checkpoint(tmp_path)[0].presentations == 8
    save_checkpoint(tmp_path, progress(16), {"net.a": torch.zeros(1)})
    assert load_checkpoint(tmp_path)[0].presentations == 16


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path)


def test_part_of_takes_the_prefix_off() -> None:
    tensors = {"net.a.b": torch.zeros(1), "netto.a": torch.ones(1)}

    assert list(part_of(tensors, "net")) == ["a.b"]
