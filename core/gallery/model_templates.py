"""Templates of several models side by side: what a change of model needs of the gallery.

Deleted subjects count as well, since a deletion can be undone after the change.
"""

import logging
from collections.abc import Sequence

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session, aliased

from core.domain.face import AlignedFace
from core.domain.retemplating import Awaiting
from core.domain.template import Embedding, ModelId, ReferenceId, SubjectId, Template
from core.errors import GalleryTamperedError
from core.gallery.codec import open_crop, open_reference, open_subject, seal_template
from core.gallery.queries import templates_of
from core.gallery.store import Store
from core.gallery.tables import CropRow, ReferenceRow, SubjectRow, TemplateRow

_log = logging.getLogger(__name__)


class ModelTemplates:
    """Which models know which references. Implements `ports.TemplateStore`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def counts(self) -> dict[ModelId, int]:
        """How many references each model knows."""
        query = select(TemplateRow.model_id, func.count()).group_by(TemplateRow.model_id)
        with self._store.reading() as session:
            return {ModelId(model): count for model, count in session.execute(query)}

    def awaiting(self, model: ModelId) -> tuple[Awaiting, ...]:
        """References that `model` does not know, oldest first."""
        known = exists().where(
            TemplateRow.reference_id == ReferenceRow.id, TemplateRow.model_id == model
        )
        query = (
            select(ReferenceRow.id, ReferenceRow.subject_id, CropRow.reference_id)
            .outerjoin(CropRow, CropRow.reference_id == ReferenceRow.id)
            .where(~known)
            .order_by(ReferenceRow.enrolled_at, ReferenceRow.id)
        )
        with self._store.reading() as session:
            return tuple(
                Awaiting(ReferenceId(reference), SubjectId(subject), crop is not None)
                for reference, subject, crop in session.execute(query)
            )

    def crops(self, references: Sequence[ReferenceId]) -> tuple[AlignedFace | None, ...]:
        """The kept picture of each; None where there is none, or none that opens."""
        with self._store.reading() as session:
            return tuple(self._crop(session, reference) for reference in references)

    def add(self, made: Sequence[tuple[ReferenceId, Embedding]]) -> int:
        """Keep what a model made of references, in one transaction.

        References that are gone meanwhile, or that the model knows meanwhile, are passed over.

        Returns:
            How many were kept.
        """
        kept = 0
        with self._store.writing() as session:
            for reference_id, embedding in made:
                kept += self._add(session, reference_id, embedding)
        return kept

    def forget(self, keep: ModelId) -> int:
        """Remove the templates of all other models where `keep` knows the reference.

        A reference that only another model knows stays as it is, so that nobody is lost.

        Returns:
            How many templates were removed.
        """
        kept = aliased(TemplateRow)
        known = exists().where(kept.reference_id == TemplateRow.reference_id, kept.model_id == keep)
        with self._store.writing() as session:
            done = session.execute(delete(TemplateRow).where(TemplateRow.model_id != keep, known))
        return int(getattr(done, "rowcount", 0))

    def _crop(self, session: Session, reference_id: ReferenceId) -> AlignedFace | None:
        crop = session.get(CropRow, reference_id)
        row = session.get(ReferenceRow, reference_id)
        if crop is None or row is None:
            return None
        try:
            subject = open_subject(session.get_one(SubjectRow, row.subject_id), self._key)
            return open_crop(crop, row, subject.key)
        except GalleryTamperedError as error:
            _log.warning("entry %s does not open", error.facts["row"])
            return None

    def _add(self, session: Session, reference_id: ReferenceId, made: Embedding) -> bool:
        row = session.get(ReferenceRow, reference_id)
        if row is None or session.get(TemplateRow, (reference_id, made.model)) is not None:
            return False
        try:
            subject = open_subject(session.get_one(SubjectRow, row.subject_id), self._key)
            former = templates_of(session, row.id)
            source = open_reference(row, former[0], subject.key).source if former else ""
        except GalleryTamperedError as error:
            _log.warning("entry %s does not open", error.facts["row"])
            return False
        session.add(seal_template(row, subject.key, Template(made.vector, made.model), source))
        session.flush()
        return True

    @property
    def _key(self) -> bytes:
        return self._store.secrets.data_key
