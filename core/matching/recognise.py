"""How the enrolled pictures recognise each other: each is shown as a probe to all others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.template import ModelId, Reference, ReferenceId, SubjectId
from core.matching.search import ReferenceMatrix

BLOCK_ROWS = 256  # probes at a time: with 5,000 references 5 MB of scores


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """What one enrolled picture matches, itself left out.

    Attributes:
        own: Whether it matches another reference of its subject; None where there is none.
        others: Other subjects that it matches.
    """

    own: bool | None
    others: frozenset[SubjectId]

    @property
    def right(self) -> bool:
        """It matches its own subject, and nobody else."""
        return self.own is True and not self.others


def check_references(
    references: Sequence[Reference], model: ModelId, threshold: float
) -> Mapping[ReferenceId, SelfCheck]:
    """Show every reference to all others. A score equal to the threshold matches.

    Args:
        references: All made with `model`.
        model: Of the references.
        threshold: A cosine similarity.

    Raises:
        ModelMismatchError: A reference was made by another model.
    """
    ordered = sorted(references, key=lambda reference: reference.subject_id)
    snapshot = ReferenceMatrix.build(ordered, model)
    columns = {subject: column for column, subject in enumerate(snapshot.subjects)}
    found: dict[ReferenceId, SelfCheck] = {}
    for start in range(0, len(ordered), BLOCK_ROWS):
        probes = ordered[start : start + BLOCK_ROWS]
        scores = snapshot.matrix[start : start + BLOCK_ROWS] @ snapshot.matrix.T
        rows = np.arange(len(probes))
        scores[rows, start + rows] = -np.inf
        highest = np.maximum.reduceat(scores, snapshot.first_rows, axis=1)
        for probe, values in zip(probes, highest, strict=True):
            own = columns[probe.subject_id]
            matched = frozenset(
                snapshot.subjects[column]
                for column in np.flatnonzero(values >= threshold)
                if column != own
            )
            alone = values[own] == -np.inf
            found[probe.reference_id] = SelfCheck(
                None if alone else bool(values[own] >= threshold), matched
            )
    return found
