"""What the gallery asks of its tables."""

from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from core.domain.template import ModelId
from core.errors import SubjectUnknownError
from core.gallery.tables import CropRow, ReferenceRow, SubjectRow, TemplateRow

# SQLAlchemy 2.1 lists the columns of Select one by one, 2.0 as a tuple; as text, both import.


def subjects_counted() -> "Select[SubjectRow, int]":
    """Subjects that are not deleted, each with its number of references."""
    return (
        select(SubjectRow, func.count(ReferenceRow.id))
        .outerjoin(ReferenceRow, ReferenceRow.subject_id == SubjectRow.id)
        .where(SubjectRow.deleted_at.is_(None))
        .group_by(SubjectRow.id)
    )


def references_with_subjects(model: ModelId) -> "Select[SubjectRow, ReferenceRow, TemplateRow]":
    """References that `model` knows, oldest first, without those of deleted subjects."""
    return (
        select(SubjectRow, ReferenceRow, TemplateRow)
        .join(ReferenceRow, ReferenceRow.subject_id == SubjectRow.id)
        .join(TemplateRow, TemplateRow.reference_id == ReferenceRow.id)
        .where(SubjectRow.deleted_at.is_(None), TemplateRow.model_id == model)
        .order_by(ReferenceRow.enrolled_at, ReferenceRow.id)
    )


def crops() -> "Select[CropRow, ReferenceRow, SubjectRow]":
    """Kept pictures with what is needed to open them, without those of deleted subjects."""
    return (
        select(CropRow, ReferenceRow, SubjectRow)
        .join(ReferenceRow, ReferenceRow.id == CropRow.reference_id)
        .join(SubjectRow, SubjectRow.id == ReferenceRow.subject_id)
        .where(SubjectRow.deleted_at.is_(None))
    )


def active_row(session: Session, subject_id: str) -> SubjectRow:
    """The row of a subject that is not deleted. Raises SubjectUnknownError."""
    row = session.get(SubjectRow, subject_id)
    if row is None or row.deleted_at is not None:
        raise SubjectUnknownError(name=subject_id)
    return row


def row_of_digest(session: Session, digest: bytes) -> SubjectRow | None:
    """The row of the subject that is not deleted and whose name has this keyed digest."""
    return session.scalars(
        select(SubjectRow).where(SubjectRow.name_digest == digest, SubjectRow.deleted_at.is_(None))
    ).one_or_none()


def references_of(session: Session, subject_id: str) -> Sequence[ReferenceRow]:
    """References of one subject, oldest first."""
    query = select(ReferenceRow).where(ReferenceRow.subject_id == subject_id)
    return session.scalars(query.order_by(ReferenceRow.enrolled_at, ReferenceRow.id)).all()


def templates_of(session: Session, reference_id: str) -> Sequence[TemplateRow]:
    """What each model made of one reference."""
    query = select(TemplateRow).where(TemplateRow.reference_id == reference_id)
    return session.scalars(query.order_by(TemplateRow.model_id)).all()


def count_references(session: Session, subject_id: str) -> int:
    """How many references of any model a subject has."""
    query = select(func.count()).where(ReferenceRow.subject_id == subject_id)
    return session.scalars(query).one()
