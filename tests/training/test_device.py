"""Seeds make steps repeat; a GPU that is not there is told."""

import random

import numpy as np
import pytest
import torch

from core.errors import UsageError
from training.device import choose_device, prepare, seed_step
from training.recipe.sections import RunSection


def drawn() -> tuple[float, float, float]:
    return random.random(), float(np.random.random()), float(torch.rand(1))  # noqa: NPY002


def test_one_seed_seeds_everything() -> None:
    prepare(RunSection(length=1, seed=3))
    first = drawn()
    prepare(RunSection(length=1, seed=3))

    assert drawn() == first
    prepare(RunSection(length=1, seed=4))
    assert drawn() != first


def test_a_step_draws_what_its_number_says() -> None:
    seed_step(1, 5)
    first = torch.rand(3)
    seed_step(1, 6)
    other = torch.rand(3)
    seed_step(1, 5)

    assert torch.equal(torch.rand(3), first)
    assert not torch.equal(other, first)


def test_exact_algorithms_are_asked_for_and_given_back() -> None:
    prepare(RunSection(length=1, deterministic=True))
    strict = torch.are_deterministic_algorithms_enabled()
    prepare(RunSection(length=1))

    assert strict
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_told() -> None:
    assert choose_device(RunSection(length=1)).type == "cpu"
    with pytest.raises(UsageError, match="sees no GPU"):
        choose_device(RunSection(length=1, device="cuda"))
