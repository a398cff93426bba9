"""Answers to views that come again: asked once, never mixed up."""

from pathlib import Path

import numpy as np
import torch

from training.distillation.view_answers import ViewAnswers
from training.order import Portion
from training.recipe.sections import Stage


def portion(epoch: int, strength: float = 0.5) -> Portion:
    stage = Stage(side=48, strength=strength)
    return Portion(np.arange(4), (1,), epoch, 0, 0.0, stage, torch.device("cpu"))


def kept(folder: Path, seed: int = 1) -> ViewAnswers:
    return ViewAnswers(folder, crops=9, size=27, repeats=2, seed=seed, digest="d")


def views(seed: int) -> torch.Tensor:
    return torch.rand(4, 3, 12, 12, generator=torch.Generator().manual_seed(seed)) * 255


def test_a_view_is_asked_about_once(oracle, tmp_path: Path) -> None:
    rows = np.array([8, 0, 3, 5])
    answers = kept(tmp_path)

    first = answers.answer(oracle, views(0), rows, portion(epoch=1))
    again = answers.answer(oracle, views(0), rows, portion(epoch=3))
    later = kept(tmp_path).answer(oracle, views(0), rows[::-1].copy(), portion(epoch=1))

    assert oracle.asked == [4]
    assert torch.equal(first, again)
    assert torch.equal(later, first.flip(0))
    torch.testing.assert_close(first, oracle.answer(views(0))[0])


def test_only_what_is_new_is_asked_about(oracle, tmp_path: Path) -> None:
    answers = kept(tmp_path)
    answers.answer(oracle, views(0), np.array([0, 1, 2, 3]), portion(epoch=1))
    answers.answer(oracle, views(1), np.array([2, 3, 4, 5]), portion(epoch=1))

    assert oracle.asked == [4, 2]


def test_another_turn_strength_or_seed_is_another_view(oracle, tmp_path: Path) -> None:
    rows = np.arange(4)
    kept(tmp_path).answer(oracle, views(0), rows, portion(epoch=1))
    kept(tmp_path).answer(oracle, views(0), rows, portion(epoch=2))
    kept(tmp_path).answer(oracle, views(0), rows, portion(epoch=1, strength=0.6))
    kept(tmp_path, seed=2).answer(oracle, views(0), rows, portion(epoch=1))

    assert oracle.asked == [4, 4, 4, 4]
