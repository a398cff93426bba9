"""Everybody who is enrolled, ready to be searched, by the way that suits their number."""

from collections.abc import Iterable

from core.domain.template import Embedding, ModelId, SubjectId
from core.matching.compact import CompactMatrix
from core.matching.search import ReferenceMatrix, Snapshot
from core.ports import Gallery

EXACT_LIMIT = 100_000  # references; as float32 they take 51 MB and a probe some milliseconds
SEARCH_THREADS = 2  # reading the memory limits a search, so more help little
MOST_ALIKE = 10  # subjects named at most when somebody resembles many


def take_snapshot(gallery: Gallery, model: ModelId, exact_limit: int = EXACT_LIMIT) -> Snapshot:
    """The references that `model` knows; what is found in them is exact, however many they are.

    Args:
        exact_limit: Up to so many are held as they are, more of them rounded.
    """
    vectors = gallery.vectors
    if vectors.count(model) <= exact_limit:
        return ReferenceMatrix.build(gallery.references(model), model)
    return CompactMatrix.build(
        vectors.blocks(model), model, lambda rows: vectors.references(model, rows), SEARCH_THREADS
    )


def alike(
    snapshot: Snapshot, probes: Iterable[Embedding], threshold: float
) -> dict[SubjectId, float]:
    """Subjects who score at least `threshold` with one of the probes, each with its highest score.

    At most ten subjects a probe, the most similar ones.
    """
    highest: dict[SubjectId, float] = {}
    for probe in probes:
        for entry in snapshot.best(probe, MOST_ALIKE):
            if entry.score.value >= threshold:
                before = highest.get(entry.subject_id, -1.0)
                highest[entry.subject_id] = max(before, entry.score.value)
    return highest
