"""A snapshot of references, searched exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from core.domain.decision import Score
from core.domain.template import Embedding, ModelId, Reference, SubjectId
from core.errors import ModelMismatchError


@dataclass(frozen=True, slots=True)
class SubjectScore:
    """How alike a probe is to a subject: the highest score among the subject's references."""

    subject_id: SubjectId
    score: Score


class Snapshot(Protocol):
    """References of one model as they were at one moment, to be searched."""

    @property
    def model(self) -> ModelId:
        """What made the references, and must have made a probe."""
        ...

    @property
    def count(self) -> int:
        """References in the snapshot."""
        ...

    def best(self, probe: Embedding, count: int) -> tuple[SubjectScore, ...]:
        """The `count` most similar subjects, most alike first; each by its best reference.

        Raises:
            ModelMismatchError: The probe was made by another model.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceMatrix:
    """Templates of one model as a matrix; SQLite stays the truth.

    Attributes:
        matrix: float32 (n, D), unit rows, read-only, ordered by subject.
        subjects: Each subject once, in row order.
        first_rows: int64 (subjects,), where each subject's rows begin.
    """

    model: ModelId
    matrix: NDArray[np.float32]
    subjects: tuple[SubjectId, ...]
    first_rows: NDArray[np.int64]

    @classmethod
    def build(cls, references: Sequence[Reference], model: ModelId) -> Self:
        """Take a snapshot.

        Raises:
            ModelMismatchError: A reference was made by another model.
        """
        if any(reference.template.model != model for reference in references):
            raise ModelMismatchError
        ordered = sorted(references, key=lambda reference: reference.subject_id)
        subjects: list[SubjectId] = []
        first_rows: list[int] = []
        for row, reference in enumerate(ordered):
            if not subjects or subjects[-1] != reference.subject_id:
                subjects.append(reference.subject_id)
                first_rows.append(row)
        vectors = [reference.template.vector for reference in ordered]
        matrix = np.stack(vectors) if vectors else np.empty((0, 0), dtype=np.float32)
        matrix.flags.writeable = False
        return cls(model, matrix, tuple(subjects), np.array(first_rows, dtype=np.int64))

    @property
    def count(self) -> int:
        """References in the snapshot."""
        return len(self.matrix)

    def scores(self, probe: Embedding) -> tuple[SubjectScore, ...]:
        """Every subject's highest score, most alike first.

        Raises:
            ModelMismatchError: The probe was made by another model.
        """
        return self.best(probe, len(self.subjects))

    def best(self, probe: Embedding, count: int) -> tuple[SubjectScore, ...]:
        """See `Snapshot.best`."""
        if not self.subjects:
            return ()
        if probe.model != self.model or probe.vector.size != self.matrix.shape[1]:
            raise ModelMismatchError
        similarities = np.clip(self.matrix @ probe.vector, -1.0, 1.0)
        highest = np.maximum.reduceat(similarities, self.first_rows)
        places = np.arange(len(highest))
        if count < len(highest):  # ranking everybody took 20 times as long as comparing them
            floor = np.partition(highest, len(highest) - count)[len(highest) - count]
            places = np.flatnonzero(highest >= floor)
        order = places[np.argsort(-highest[places], kind="stable")][:count]
        return tuple(
            SubjectScore(self.subjects[i], Score(float(highest[i]), self.model)) for i in order
        )
