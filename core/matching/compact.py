"""Very large galleries: templates in eight bits in memory, the decision from the exact ones.

The eight-bit products say which few rows can be the most similar at all; those are opened and
compared exactly. Because the rounding error of every row is known, what is returned is what an
exact search returns, not nearly.
"""

import ctypes
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.domain.decision import Score
from core.domain.template import Embedding, ModelId, Reference, SubjectId, Vectors
from core.errors import ModelMismatchError
from core.matching.compare import compare
from core.matching.dot_products import CHUNK_ROWS, Chunk, Digits
from core.matching.search import SubjectScore

FIRST_OPENED = 16  # rows opened at first; most searches end with them
GROWTH = 8  # where they all belong to too few subjects, this many times as many
GROUP_ROWS = (
    64  # the highest product of each group is looked at first: sorting all would take longer
)
ROUNDING = 1e-5  # float32 sums of 128 to 512 products differ by less


OpenRows = Callable[[Sequence[int]], Sequence[Reference]]


@dataclass(frozen=True, slots=True, eq=False)
class CompactMatrix:
    """A snapshot for many references: D bytes and 8 more for each.

    Attributes:
        rows: int64 (n,), the gallery's numbers of the references.
    """

    model: ModelId
    rows: NDArray[np.int64]
    _size: int
    _chunks: tuple[Chunk, ...]
    _open_rows: OpenRows

    @classmethod
    def build(
        cls, blocks: Iterable[Vectors], model: ModelId, open_rows: OpenRows, threads: int
    ) -> Self:
        """Take a snapshot, a block at a time.

        Args:
            open_rows: Gives the references of some rows, exactly as they are stored; rows that
                are gone or damaged are left out.
            threads: Processor threads one search may use.
        """
        rows, chunks, size = [], [], 0
        for part in _chunked(blocks):
            size = part.matrix.shape[1]
            rows.append(part.rows)
            chunks.append(Chunk.build(part.matrix, threads))
        _give_memory_back()
        numbers = np.concatenate(rows) if rows else np.empty(0, dtype=np.int64)
        return cls(model, numbers, size, tuple(chunks), open_rows)

    @property
    def count(self) -> int:
        """References in the snapshot."""
        return len(self.rows)

    def best(self, probe: Embedding, count: int) -> tuple[SubjectScore, ...]:
        """The `count` most similar subjects, most alike first; a subject's best reference counts.

        Raises:
            ModelMismatchError: The probe was made by another model.
        """
        if not self.count:
            return ()
        if probe.model != self.model or probe.vector.size != self._size:
            raise ModelMismatchError
        digits = Digits.of(probe.vector)
        rough = np.concatenate([chunk.products(digits) for chunk in self._chunks])
        doubt = max(chunk.bound(digits) for chunk in self._chunks) + ROUNDING
        highest: dict[SubjectId, Score] = {}
        opened, floor, wanted = 0, np.inf, FIRST_OPENED
        while len(highest) < count and opened < self.count:
            former, floor = floor, _floor_of(rough, wanted)
            opened += self._compare(probe, (rough >= floor) & (rough < former), highest)
            wanted = opened * GROWTH
        if opened < self.count:
            ranked = sorted((score.value for score in highest.values()), reverse=True)
            needed = ranked[count - 1] - doubt
            self._compare(probe, (rough >= needed) & (rough < floor), highest)
        order = sorted(highest.items(), key=lambda item: -item[1].value)
        return tuple(SubjectScore(subject, score) for subject, score in order[:count])

    def _compare(
        self, probe: Embedding, chosen: NDArray[np.bool_], highest: dict[SubjectId, Score]
    ) -> int:
        """Open the chosen rows and note who scores higher than before; how many rows there were."""
        rows: list[int] = self.rows[chosen].tolist()
        for reference in self._open_rows(rows):
            score = compare(probe, reference.template)
            known = highest.get(reference.subject_id)
            if known is None or score.value > known.value:
                highest[reference.subject_id] = score
        return len(rows)


def _give_memory_back() -> None:
    """Let the system have what packing freed: glibc keeps as much as the snapshot takes."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library, which does so by itself
            ctypes.CDLL(None).malloc_trim(0)


def _floor_of(rough: NDArray[np.float32], wanted: int) -> float:
    """A product that at least `wanted` rows reach, and not many more."""
    if wanted >= len(rough):
        return -np.inf
    whole = len(rough) // GROUP_ROWS * GROUP_ROWS
    groups = rough[:whole].reshape(-1, GROUP_ROWS).max(axis=1)
    looked_at = groups if len(groups) >= wanted else rough
    return float(np.partition(looked_at, len(looked_at) - wanted)[len(looked_at) - wanted])


def _chunked(blocks: Iterable[Vectors]) -> Iterable[Vectors]:
    """The same rows in blocks of exactly CHUNK_ROWS, the last one smaller."""
    waiting: list[Vectors] = []
    held = 0
    for block in blocks:
        waiting.append(block)
        held += len(block.rows)
        while held >= CHUNK_ROWS:
            joined = _joined(waiting)
            yield Vectors(joined.rows[:CHUNK_ROWS], joined.matrix[:CHUNK_ROWS])
            waiting = [Vectors(joined.rows[CHUNK_ROWS:], joined.matrix[CHUNK_ROWS:])]
            held -= CHUNK_ROWS
    if held:
        yield _joined(waiting)


def _joined(blocks: Sequence[Vectors]) -> Vectors:
    return Vectors(
        np.concatenate([block.rows for block in blocks]),
        np.concatenate([block.matrix for block in blocks]),
    )
