"""The feed: in order, whoever prepares it; errors arrive; threads end."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from torch import nn

from training.distributed import ALONE
from training.engine.feed import Feed
from training.engine.state import new_state
from training.order import Portion, lengths_of
from training.recipe.distil import DistilRecipe
from training.recipe.sections import RunSection, Stage


@dataclass
class Numbers:
    count: int = 12
    made: Callable[[Portion], list[int]] = field(default=lambda portion: portion.indices.tolist())

    def batch(self, portion: Portion) -> list[int]:
        return self.made(portion)


def feed(workers: int, source: Numbers) -> Feed[list[int]]:
    run = RunSection(length=2, unit="epochs", batch=2, accumulate=2, workers=workers)
    plan = DistilRecipe(run=run, stages=(Stage(until=1, side=48), Stage(side=64)))
    state = new_state({"net": nn.Conv2d(3, 4, 1)}, plan, "distil")
    return Feed(source, plan, lengths_of(plan, source.count), state, ALONE)


@pytest.mark.parametrize("workers", [0, 3])
def test_updates_come_in_order(workers: int) -> None:
    with feed(0, Numbers()) as slow, feed(workers, Numbers()) as fast:
        expected = [slow.next() for _ in range(6)]
        found = [fast.next() for _ in range(6)]

    assert found == expected
    assert [update.side for update in found] == [48] * 3 + [64] * 3
    first = [number for update in found[:3] for batch in update.batches for number in batch]
    assert sorted(first) == list(range(12))


def test_what_goes_wrong_in_a_thread_arrives() -> None:
    def broken(_portion: Portion) -> list[int]:
        raise ValueError("a picture is gone")

    with feed(2, Numbers(made=broken)) as source, pytest.raises(ValueError, match="gone"):
        source.next()


def test_no_thread_is_left() -> None:
    before = threading.active_count()

    with feed(2, Numbers()) as source:
        source.next()

    assert threading.active_count() == before
