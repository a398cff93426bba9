from datetime import UTC, datetime

import numpy as np
import pytest

from core.domain.template import Embedding, ModelId, Reference, ReferenceId, SubjectId, Template
from core.errors import ModelMismatchError
from core.matching.search import ReferenceMatrix

MODEL = ModelId("model-a")


def reference(subject: str, vector: np.ndarray, model: ModelId = MODEL) -> Reference:
    unit = (vector / np.linalg.norm(vector)).astype(np.float32)
    return Reference(
        reference_id=ReferenceId(f"{subject}-{id(vector)}"),
        subject_id=SubjectId(subject),
        template=Template(unit, model),
        enrolled_at=datetime(2026, 1, 1, tzinfo=UTC),
        quality=80,
        source="test",
    )


def probe(vector: np.ndarray) -> Embedding:
    return Embedding((vector / np.linalg.norm(vector)).astype(np.float32), MODEL)


def test_a_subject_is_scored_by_its_most_similar_reference() -> None:
    anna_far, anna_near = np.array([0.0, 1.0]), np.array([1.0, 0.1])
    ben = np.array([1.0, 1.0])
    references = [reference("anna", anna_far), reference("ben", ben), reference("anna", anna_near)]

    scores = ReferenceMatrix.build(references, MODEL).scores(probe(np.array([1.0, 0.0])))

    assert [entry.subject_id for entry in scores] == ["anna", "ben"]
    assert scores[0].score.value == pytest.approx(1 / np.hypot(1, 0.1), abs=1e-6)


def test_the_snapshot_gives_what_comparing_one_by_one_gives() -> None:
    rng = np.random.default_rng(5)
    owners = rng.integers(0, 20, size=120)
    vectors = rng.normal(size=(120, 16))
    references = [reference(f"s{o:02}", v) for o, v in zip(owners, vectors, strict=True)]
    query = rng.normal(size=16)

    scores = ReferenceMatrix.build(references, MODEL).scores(probe(query))

    slow: dict[str, float] = {}
    for entry in references:
        cosine = float(entry.template.vector @ probe(query).vector)
        slow[entry.subject_id] = max(slow.get(entry.subject_id, -2.0), cosine)
    assert {s.subject_id: pytest.approx(s.score.value, abs=1e-6) for s in scores} == slow
    assert [s.score.value for s in scores] == sorted((s.score.value for s in scores), reverse=True)


@pytest.mark.parametrize("count", [1, 2, 19, 20, 40])
def test_the_best_are_the_first_of_all_scores(count: int) -> None:
    rng = np.random.default_rng(6)
    owners = rng.integers(0, 20, size=120)
    vectors = rng.normal(size=(120, 16))
    references = [reference(f"s{o:02}", v) for o, v in zip(owners, vectors, strict=True)]
    snapshot = ReferenceMatrix.build(references, MODEL)
    query = probe(rng.normal(size=16))

    assert snapshot.best(query, count) == snapshot.scores(query)[:count]


def test_subjects_who_score_the_same_are_no_more_than_asked_for() -> None:
    same = np.array([1.0, 0.0])
    snapshot = ReferenceMatrix.build([reference(name, same) for name in "abcd"], MODEL)

    assert [one.subject_id for one in snapshot.best(probe(same), 2)] == ["a", "b"]


def test_an_empty_gallery_scores_nobody() -> None:
    assert ReferenceMatrix.build([], MODEL).scores(probe(np.array([1.0, 0.0]))) == ()


def test_references_of_another_model_are_refused() -> None:
    with pytest.raises(ModelMismatchError):
        ReferenceMatrix.build([reference("anna", np.array([1.0, 0.0]), ModelId("old"))], MODEL)
