"""Two halves: disjoint, stratified by person, of one geometry, in an order of the seed alone."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.order import Portion
from training.recipe.sections import Stage
from training.search.halves import Halves, split_halves


@given(people=st.lists(st.integers(0, 12), min_size=2, max_size=120), seed=st.integers(0, 99))
def test_halves_are_disjoint_equal_and_hold_everyone(people: list[int], seed: int) -> None:
    numbers = np.array(people)

    train, valid = split_halves(numbers, seed)

    assert len(train) == len(valid) == len(people) // 2
    assert not set(train.tolist()) & set(valid.tolist())
    for person in set(people):
        crops = people.count(person)
        parts = (numbers[train] == person).sum(), (numbers[valid] == person).sum()
        assert abs(int(parts[0]) - int(parts[1])) <= 1
        if crops > 2:
            assert min(parts) >= 1


def test_the_seed_alone_decides() -> None:
    people = np.repeat(np.arange(30), 4)

    first, again, other = (split_halves(people, seed) for seed in (1, 1, 2))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_pictures_at_one_place_of_both_halves_are_mostly_of_different_people() -> None:
    people = np.repeat(np.arange(100), 4)

    train, valid = split_halves(people, 1)

    assert (people[train] == people[valid]).mean() < 0.1


@pytest.fixture
def halves() -> Halves:
    """Crops that are all alike but for a mark in one corner that names them."""
    crops = np.random.default_rng(0).integers(0, 255, (8, 128, 128, 3), dtype=np.uint8)
    return Halves(
        crops=lambda indices: crops[indices],
        targets=np.arange(8),
        train=np.array([0, 2, 4, 6]),
        valid=np.array([1, 3, 5, 7]),
    )


def portion(*indices: int, seed: tuple[int, ...] = (1, 1, 0), strength: float = 0.5) -> Portion:
    return Portion(
        indices=np.array(indices),
        seed=seed,
        epoch=1,
        presentations=0,
        progress=0.0,
        stage=Stage(side=32, strength=strength),
        device=torch.device("cpu"),
    )


def test_a_batch_shows_each_half_its_own_pictures(halves: Halves) -> None:
    batch = halves.batch(portion(3, 1))

    assert halves.count == 4
    assert batch.train.targets.tolist() == [6, 2]
    assert batch.valid.targets.tolist() == [7, 3]
    assert batch.train.images.shape == batch.valid.images.shape == (2, 3, 32, 32)


def test_both_halves_are_seen_at_one_scale(halves: Halves) -> None:
    # The same crops in either half, unaugmented: but for mirroring, the pictures are the same.
    same = Halves(halves.crops, halves.targets, halves.train, halves.train)

    batch = same.batch(portion(0, 1, 2, 3, strength=0.0))

    for one, other in zip(batch.train.images, batch.valid.images, strict=True):
        assert torch.equal(one, other) or torch.equal(one, other.flip(2))


def test_augmentation_differs_between_halves_and_repeats_with_the_portion(halves: Halves) -> None:
    same = Halves(halves.crops, halves.targets, halves.train, halves.train)

    first, again = same.batch(portion(0, 1)), same.batch(portion(0, 1))
    later = same.batch(portion(0, 1, seed=(1, 1, 2)))

    assert torch.equal(first.train.images, again.train.images)
    assert not torch.allclose(first.train.images, first.valid.images)
    assert not torch.allclose(first.train.images, later.train.images)
