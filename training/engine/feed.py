"""Batches in their order, prepared ahead by other threads where the recipe wants it."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from training.distributed import Group
from training.engine.state import State
from training.order import Lengths, Portion, Position, Share, next_start, portions, stage_at
from training.recipe.sections import Plan

Batch = TypeVar("Batch")
Made_co = TypeVar("Made_co", covariant=True)
AHEAD = 2  # updates that are prepared for each worker


class Source(Protocol[Made_co]):
    """Where batches come from."""

    @property
    def count(self) -> int:
        """Pictures in an epoch."""
        ...

    def batch(self, portion: Portion) -> Made_co:
        """What a step sees: a function of the portion alone; may run in any thread."""
        ...


@dataclass(frozen=True, slots=True)
class Update(Generic[Batch]):
    """What one update of this process sees.

    Attributes:
        batches: One for each forward pass.
        side: Input size, px.
        after: Where the data stands once it is done.
    """

    batches: tuple[Batch, ...]
    side: int
    after: Position


class Feed(Generic[Batch]):
    """The updates of a run from where its state stands; a context that ends its threads."""

    def __init__(
        self, source: Source[Batch], plan: Plan, lengths: Lengths, state: State, group: Group
    ) -> None:
        self._source = source
        self._plan = plan
        self._lengths = lengths
        self._device = state.device
        self._share = Share(group.rank, group.size)
        self._position = state.position
        self._presentations = state.presentations
        workers = plan.run.workers
        self._pool = ThreadPoolExecutor(workers) if workers else None
        self._waiting: deque[Future[Update[Batch]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def next(self) -> Update[Batch]:
        """The next update, waiting for it where it is still being prepared."""
        if self._pool is None:
            return self._prepare(*self._advance())
        while len(self._waiting) < AHEAD * self._plan.run.workers:
            if self._waiting and self._presentations >= self._lengths.total:
                break
            self._waiting.append(self._pool.submit(self._prepare, *self._advance()))
        return self._waiting.popleft().result()

    def _advance(self) -> tuple[Position, int]:
        batch = self._lengths.global_batch
        start = next_start(self._position, self._source.count, batch)
        shown = self._presentations
        self._position = Position(start.epoch, start.taken + batch, start.crops)
        self._presentations += batch
        return start, shown

    def _prepare(self, start: Position, shown: int) -> Update[Batch]:
        parts = portions(
            self._plan, self._lengths, start, shown, share=self._share, device=self._device
        )
        batches = tuple(self._source.batch(portion) for portion in parts)
        taken = start.taken + self._lengths.global_batch
        after = Position(start.epoch, taken, start.crops)
        return Update(batches, stage_at(self._plan, self._lengths, shown).side, after)
