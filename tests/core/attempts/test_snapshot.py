import numpy as np
import pytest

from core.attempts.snapshot import alike, take_snapshot
from core.domain.template import Embedding, ModelId
from core.matching.compact import CompactMatrix
from core.matching.search import ReferenceMatrix
from tests.fakes.captures import make_capture
from tests.fakes.gallery import MemoryGallery

MODEL = make_capture().embedding.model


@pytest.fixture
def gallery() -> MemoryGallery:
    gallery = MemoryGallery()
    for number in range(30):
        gallery.enrol(f"Person {number}", [make_capture(number), make_capture(number + 500)])
    return gallery


def test_few_references_are_held_as_they_are_and_many_rounded(gallery: MemoryGallery) -> None:
    assert isinstance(take_snapshot(gallery, MODEL, exact_limit=60), ReferenceMatrix)
    assert isinstance(take_snapshot(gallery, MODEL, exact_limit=59), CompactMatrix)


def test_both_kinds_of_snapshot_give_the_same_answer(gallery: MemoryGallery) -> None:
    probe = make_capture(77).embedding

    exact = take_snapshot(gallery, MODEL, exact_limit=60).best(probe, 5)
    rounded = take_snapshot(gallery, MODEL, exact_limit=0).best(probe, 5)

    assert [one.subject_id for one in rounded] == [one.subject_id for one in exact]
    assert [one.score.value for one in rounded] == pytest.approx(
        [one.score.value for one in exact], abs=1e-6
    )


def test_references_of_another_model_are_not_searched(gallery: MemoryGallery) -> None:
    assert take_snapshot(gallery, ModelId("another")).count == 0


def test_whoever_reaches_the_threshold_with_one_of_the_probes_is_named() -> None:
    gallery = MemoryGallery()
    anna = gallery.enrol("Anna", [make_capture(1)])
    ben = gallery.enrol("Ben", [make_capture(2)])
    gallery.enrol("Carl", [make_capture(3)])
    near = make_capture(1).embedding.vector + 0.3 * make_capture(4).embedding.vector
    probes = [
        Embedding((near / np.linalg.norm(near)).astype(np.float32), MODEL),
        make_capture(2).embedding,
    ]

    found = alike(take_snapshot(gallery, MODEL), probes, threshold=0.9)

    assert found == {
        anna.subject_id: pytest.approx(float(probes[0].vector @ make_capture(1).embedding.vector)),
        ben.subject_id: pytest.approx(1.0),
    }
