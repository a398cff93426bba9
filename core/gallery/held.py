"""Reading subjects with everything that is held about them, for exports."""

import logging
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.domain.holdings import HeldReference, HeldSubject
from core.domain.template import ReferenceId
from core.errors import GalleryTamperedError
from core.gallery.codec import OpenSubject, open_crop, open_reference, open_subject
from core.gallery.queries import references_of, templates_of
from core.gallery.tables import CropRow, ReferenceRow, SubjectRow

_log = logging.getLogger(__name__)


def held_subjects(
    session: Session, data_key: bytes, *, pictures: bool = True
) -> Iterator[HeldSubject]:
    """All subjects that are not deleted, oldest first; damaged entries are left out and logged.

    Args:
        session: One moment of the gallery.
        data_key: Opens it.
        pictures: Whether kept crops come along.
    """
    query = select(SubjectRow.id).where(SubjectRow.deleted_at.is_(None))
    for subject_id in session.scalars(query.order_by(SubjectRow.enrolled_at, SubjectRow.id)).all():
        row = session.get_one(SubjectRow, subject_id)
        try:
            yield _held_subject(session, open_subject(row, data_key), pictures=pictures)
        except GalleryTamperedError as error:
            _log.warning("entry %s does not open", error.facts["row"])
        session.expunge_all()  # what was told is not needed again, and pictures are large


def _held_subject(session: Session, subject: OpenSubject, *, pictures: bool) -> HeldSubject:
    """One subject; damaged references are left out and logged."""
    held = []
    for row in references_of(session, subject.row.id):
        try:
            held.append(_held_reference(session, row, subject.key, pictures=pictures))
        except GalleryTamperedError as error:
            _log.warning("entry %s does not open", error.facts["row"])
    return HeldSubject(
        subject_id=subject.subject_id,
        name=subject.name,
        enrolled_at=subject.row.enrolled_at,
        references=tuple(held),
        note=subject.note,
        consent=subject.consent,
        retain_until=subject.retain_until,
    )


def _held_reference(
    session: Session, row: ReferenceRow, key: bytes, *, pictures: bool
) -> HeldReference:
    opened = [open_reference(row, entry, key) for entry in templates_of(session, row.id)]
    crop = session.get(CropRow, row.id) if pictures else None
    return HeldReference(
        reference_id=ReferenceId(row.id),
        enrolled_at=row.enrolled_at,
        quality=row.quality,
        source=opened[0].source if opened else "",
        templates=tuple(reference.template for reference in opened),
        crop=None if crop is None else open_crop(crop, row, key),
    )
