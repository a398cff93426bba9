from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.template import (
    Embedding,
    ModelId,
    Reference,
    ReferenceId,
    SubjectId,
    Template,
    Vectors,
)
from core.errors import ModelMismatchError
from core.matching import compact
from core.matching.compact import CompactMatrix
from core.matching.search import ReferenceMatrix

MODEL = ModelId("model-a")


class Store:
    """References in memory, given out by number as a gallery does."""

    def __init__(self, matrix: np.ndarray, owners: Sequence[int]) -> None:
        self.references = [
            Reference(
                ReferenceId(f"r{row}"),
                SubjectId(f"s{owner:05}"),
                Template(vector.copy(), MODEL),
                datetime(2026, 1, 1, tzinfo=UTC),
                quality=80,
                source="test",
            )
            for row, (vector, owner) in enumerate(zip(matrix, owners, strict=True))
        ]
        self.matrix = matrix
        self.opened = 0

    def blocks(self, size: int = 300) -> Iterator[Vectors]:
        for start in range(0, len(self.matrix), size):
            part = self.matrix[start : start + size]
            yield Vectors(np.arange(start, start + len(part), dtype=np.int64) + 7, part)

    def open_rows(self, rows: Sequence[int]) -> list[Reference]:
        self.opened += len(rows)
        return [self.references[row - 7] for row in rows]

    def snapshot(self) -> CompactMatrix:
        return CompactMatrix.build(self.blocks(), MODEL, self.open_rows, threads=1)


def unit(rng: np.random.Generator, count: int, size: int = 32) -> np.ndarray:
    vectors = rng.standard_normal((count, size)).astype(np.float32)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    people=st.sampled_from([1, 3, 400]),
    count=st.integers(1, 3),
    size=st.sampled_from([4, 32]),
)
def test_the_answer_is_that_of_the_exact_search(
    seed: int, people: int, count: int, size: int
) -> None:
    rng = np.random.default_rng(seed)
    store = Store(unit(rng, 1000, size), rng.integers(0, people, 1000).tolist())
    probe = Embedding(unit(rng, 1, size)[0], MODEL)

    found = store.snapshot().best(probe, count)

    exact = ReferenceMatrix.build(store.references, MODEL).scores(probe)[:count]
    assert [entry.subject_id for entry in found] == [entry.subject_id for entry in exact]
    assert [entry.score.value for entry in found] == pytest.approx(
        [entry.score.value for entry in exact], abs=1e-6
    )


def test_rows_that_differ_by_less_than_the_rounding_are_told_apart() -> None:
    rng = np.random.default_rng(1)
    base = unit(rng, 1)[0]
    near = base + rng.standard_normal((500, 32)).astype(np.float32) * 1e-4
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    store = Store(np.concatenate([near, unit(rng, 500)]).astype(np.float32), range(1000))
    probe = Embedding(near[123].copy(), MODEL)

    (best,) = store.snapshot().best(probe, 1)

    assert best.subject_id == "s00123"


def test_few_rows_are_opened() -> None:
    rng = np.random.default_rng(2)
    store = Store(unit(rng, 5000, 128), range(5000))

    store.snapshot().best(Embedding(unit(rng, 1, 128)[0], MODEL), 2)

    assert store.opened < 500


def test_rows_of_several_chunks_are_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compact, "CHUNK_ROWS", 256)
    rng = np.random.default_rng(4)
    store = Store(unit(rng, 1000), range(1000))
    snapshot = store.snapshot()

    found = [
        snapshot.best(Embedding(store.matrix[row].copy(), MODEL), 1)[0].subject_id
        for row in (0, 255, 256, 999)
    ]

    assert snapshot.count == 1000
    assert found == ["s00000", "s00255", "s00256", "s00999"]


def test_a_reference_that_is_gone_meanwhile_is_not_returned() -> None:
    rng = np.random.default_rng(5)
    store = Store(unit(rng, 50), range(50))
    snapshot = CompactMatrix.build(
        store.blocks(), MODEL, lambda rows: store.open_rows([r for r in rows if r != 7]), threads=1
    )

    found = snapshot.best(Embedding(store.matrix[0].copy(), MODEL), 2)

    assert "s00000" not in [entry.subject_id for entry in found]
    assert len(found) == 2


def test_an_empty_gallery_scores_nobody() -> None:
    snapshot = CompactMatrix.build([], MODEL, lambda _rows: [], threads=1)

    assert snapshot.best(Embedding(unit(np.random.default_rng(), 1)[0], MODEL), 2) == ()


def test_a_probe_of_another_model_is_refused() -> None:
    rng = np.random.default_rng(6)
    snapshot = Store(unit(rng, 10), range(10)).snapshot()

    with pytest.raises(ModelMismatchError):
        snapshot.best(Embedding(unit(rng, 1)[0], ModelId("other")), 1)
