"""Order: every picture once an epoch, split without overlap, and refused where it cannot work."""

import numpy as np
import pytest
import torch

from core.errors import UsageError
from training.order import Position, Share, lengths_of, next_start, portions, stage_at
from training.recipe.distil import DistilRecipe
from training.recipe.sections import RunSection, Stage

CPU = torch.device("cpu")


def recipe(**run: object) -> DistilRecipe:
    section = RunSection(**({"length": 2, "unit": "epochs", "batch": 4} | run))  # type: ignore[arg-type]
    return DistilRecipe(run=section, stages=(Stage(until=1, side=48), Stage(side=64)))


def test_lengths_are_counted_in_the_recipes_own_unit() -> None:
    plan = recipe(accumulate=2)

    lengths = lengths_of(plan, 50, processes=3)

    # 4 pictures, twice, in 3 processes: 24 an update; an epoch of 50 holds two whole updates.
    assert (lengths.global_batch, lengths.total, lengths.of(0.5)) == (24, 96, 24)
    assert lengths_of(recipe(unit="steps", length=5), 50).total == 20
    assert lengths_of(recipe(unit="presentations", length=30), 50).total == 30


def test_stages_end_where_they_say() -> None:
    plan = recipe()
    lengths = lengths_of(plan, 16)

    assert [stage_at(plan, lengths, shown).side for shown in (0, 15, 16, 999)] == [48, 48, 64, 64]


def test_an_epoch_is_shared_by_all_passes_of_all_processes() -> None:
    plan = recipe(accumulate=2)
    lengths = lengths_of(plan, 16, processes=2)
    start = next_start(Position(), 16, lengths.global_batch)

    seen = [
        portion
        for rank in range(2)
        for portion in portions(plan, lengths, start, 0, share=Share(rank, 2), device=CPU)
    ]

    assert sorted(np.concatenate([portion.indices for portion in seen])) == list(range(16))
    assert len({portion.seed for portion in seen}) == 4


def test_two_processes_see_what_one_with_twice_the_passes_sees() -> None:
    one, two = recipe(accumulate=2), recipe()
    start = Position(1, 0, 16)
    alone = list(portions(one, lengths_of(one, 16), start, 0, share=Share(), device=CPU))
    shared = [
        next(portions(two, lengths_of(two, 16, 2), start, 0, share=Share(rank, 2), device=CPU))
        for rank in range(2)
    ]

    for a, b in zip(alone, shared, strict=True):
        assert np.array_equal(a.indices, b.indices)
        assert a.seed == b.seed


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (Position(), Position(1, 0, 10)),
        (Position(3, 4, 10), Position(3, 4, 10)),
        (Position(3, 8, 10), Position(4, 0, 10)),
        (Position(3, 4, 12), Position(4, 0, 10)),
    ],
)
def test_an_epoch_ends_when_it_cannot_fill_an_update_or_the_data_changed(
    position: Position, expected: Position
) -> None:
    assert next_start(position, 10, 4) == expected


def test_too_few_pictures_are_refused_in_words() -> None:
    with pytest.raises(UsageError, match=r"3 pictures .* shows 4; lower run\.batch"):
        lengths_of(recipe(), 3)


def test_a_run_of_no_update_is_refused_in_words() -> None:
    with pytest.raises(UsageError, match="less than one update"):
        lengths_of(recipe(unit="presentations", length=3), 50)
