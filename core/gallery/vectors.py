"""Very many templates, read without making a record of each: for searching large galleries.

Rows are named by SQLite's own row numbers, eight bytes each.
"""

import logging
from collections.abc import Iterator, Sequence

import numpy as np
from sqlalchemy import ColumnElement, Integer, func, literal_column, select

from core.domain.template import ModelId, Reference, Vectors
from core.errors import GalleryTamperedError
from core.gallery.codec import (
    VECTOR_TYPE,
    open_reference,
    open_subject,
    open_subject_key,
    open_vector,
)
from core.gallery.store import Store
from core.gallery.tables import ReferenceRow, SubjectRow, TemplateRow

BLOCK_ROWS = 16_384  # templates read in one transaction; 8 MB of 128 numbers each
ASKED_AT_ONCE = 500  # row numbers in one query; older SQLite takes 999

ROW_NUMBER = literal_column('"templates".rowid', Integer)

_log = logging.getLogger(__name__)


class TemplateVectors:
    """The templates of people who are not deleted. Implements `ports.VectorStore`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def count(self, model: ModelId) -> int:
        """How many templates `model` made."""
        query = select(func.count(TemplateRow.reference_id)).where(*_enrolled(model))
        with self._store.reading() as session:
            return int(session.scalars(query).one())

    def blocks(self, model: ModelId) -> Iterator[Vectors]:
        """All of them, a block at a time; damaged ones are left out and logged."""
        query = (
            select(
                ROW_NUMBER,
                TemplateRow.sealed_template,
                ReferenceRow.id,
                ReferenceRow.quality,
                SubjectRow.id,
                SubjectRow.sealed_key,
            )
            .where(*_enrolled(model))
            .order_by(ROW_NUMBER)
            .limit(BLOCK_ROWS)
        )
        reader = _Reader(self._store.secrets.data_key, model)
        last = -1
        while True:
            with self._store.reading() as session:
                found = session.execute(query.where(last < ROW_NUMBER)).all()
            if not found:
                return
            last = found[-1][0]
            rows: list[int] = []
            vectors: list[bytes] = []
            for row, sealed, reference, quality, subject, sealed_key in found:
                vector = reader.open(sealed, reference, quality, subject, sealed_key)
                if vector is not None:
                    rows.append(row)
                    vectors.append(vector)
            if rows:
                matrix = np.frombuffer(b"".join(vectors), dtype=VECTOR_TYPE).astype(np.float32)
                yield Vectors(np.array(rows, dtype=np.int64), matrix.reshape(len(rows), -1))

    def references(self, model: ModelId, rows: Sequence[int]) -> tuple[Reference, ...]:
        """The references of some rows, in no order; those gone or damaged are left out."""
        found: list[Reference] = []
        data_key = self._store.secrets.data_key
        query = select(SubjectRow, ReferenceRow, TemplateRow).where(*_enrolled(model))
        with self._store.reading() as session:
            for start in range(0, len(rows), ASKED_AT_ONCE):
                part = ROW_NUMBER.in_(rows[start : start + ASKED_AT_ONCE])
                for subject, reference, template in session.execute(query.where(part)):
                    try:
                        key = open_subject(subject, data_key).key
                        found.append(open_reference(reference, template, key))
                    except GalleryTamperedError as error:
                        _log.warning("entry %s does not open", error.facts["row"])
        return tuple(found)


class _Reader:
    """Opens template after template; those of one subject mostly follow one another."""

    def __init__(self, data_key: bytes, model: ModelId) -> None:
        self._data_key = data_key
        self._model = model
        self._subject = ""
        self._key: bytes | None = None

    def open(
        self, sealed: bytes, reference_id: str, quality: int, subject_id: str, sealed_key: bytes
    ) -> bytes | None:
        """The vector's bytes; None where something was altered."""
        try:
            if subject_id != self._subject:
                self._subject, self._key = subject_id, None  # told once if it is damaged
                self._key = open_subject_key(subject_id, sealed_key, self._data_key)
            if self._key is None:
                return None
            return open_vector(sealed, reference_id, subject_id, self._model, quality, self._key)
        except GalleryTamperedError as error:
            _log.warning("entry %s does not open", error.facts["row"])
            return None


def _enrolled(model: ModelId) -> tuple[ColumnElement[bool], ...]:
    """Joins a template of `model` with its reference and its subject, who is not deleted."""
    return (
        TemplateRow.model_id == model,
        ReferenceRow.id == TemplateRow.reference_id,
        SubjectRow.id == ReferenceRow.subject_id,
        SubjectRow.deleted_at.is_(None),
    )
