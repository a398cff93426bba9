"""Vectors of faces, and the people they belong to."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NewType

import numpy as np
from numpy.typing import NDArray

from core.domain.face import AlignedFace
from core.domain.quality import Quality

ModelId = NewType("ModelId", str)
SubjectId = NewType("SubjectId", str)
ReferenceId = NewType("ReferenceId", str)

UNIT_TOLERANCE = 1e-5


def _check_unit(vector: NDArray[np.float32]) -> None:
    if vector.dtype != np.float32 or vector.ndim != 1:
        raise ValueError("a face vector is float32 (D,)")
    if not np.isfinite(vector).all() or abs(float(np.linalg.norm(vector)) - 1) > UNIT_TOLERANCE:
        raise ValueError("a face vector is finite and of unit length")
    vector.flags.writeable = False


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A probe's vector: float32 (D,), unit length, read-only; `model` made it."""

    vector: NDArray[np.float32]
    model: ModelId

    def __post_init__(self) -> None:
        _check_unit(self.vector)


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A reference's vector: float32 (D,), unit length, read-only, from `captures` pictures."""

    vector: NDArray[np.float32]
    model: ModelId
    captures: int = 1

    def __post_init__(self) -> None:
        _check_unit(self.vector)
        if self.captures < 1:
            raise ValueError("a template comes from at least one capture")


@dataclass(frozen=True, slots=True)
class Subject:
    """An enrolled person.

    Attributes:
        name: NFC, trimmed, unique regardless of case.
        enrolled_at: UTC.
        references: How many references of any model are stored.
        note: What the operator wrote down.
        consent: On what consent the person is enrolled, in the operator's words; may be empty.
        retain_until: The last day on which the person may be kept; None for no limit.
    """

    subject_id: SubjectId
    name: str
    enrolled_at: datetime
    references: int
    note: str = ""
    consent: str = ""
    retain_until: date | None = None

    def __post_init__(self) -> None:
        if self.enrolled_at.tzinfo is None:
            raise ValueError("times carry their zone")


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """One stored template of a subject.

    Attributes:
        quality: Unified quality of the capture, 0–100.
        source: Where the capture came from, without passwords or folders of the machine.
    """

    reference_id: ReferenceId
    subject_id: SubjectId
    template: Template
    enrolled_at: datetime
    quality: int
    source: str

    def __post_init__(self) -> None:
        if self.enrolled_at.tzinfo is None:
            raise ValueError("times carry their zone")


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """Some templates of one model, without what surrounds them: for galleries of very many.

    Attributes:
        rows: int64 (n,), by which the gallery finds each again.
        matrix: float32 (n, D), unit length.
    """

    rows: NDArray[np.int64]
    matrix: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Capture:
    """A face that was accepted for enrolment and is not stored yet."""

    embedding: Embedding
    aligned: AlignedFace
    quality: Quality
    source: str
