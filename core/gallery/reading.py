"""Reading references and checking rows; what does not open is left out, logged or named."""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.domain.history import SubjectState
from core.domain.template import ModelId, Reference, Subject, SubjectId
from core.errors import GalleryTamperedError
from core.gallery.codec import OpenSubject, open_crop, open_reference, open_subject
from core.gallery.images import open_image
from core.gallery.names import name_key
from core.gallery.queries import (
    count_references,
    references_of,
    references_with_subjects,
    subjects_counted,
    templates_of,
)
from core.gallery.tables import CropRow, JournalPartRow, SubjectRow, TemplateRow

_log = logging.getLogger(__name__)


def all_subjects(session: Session, data_key: bytes) -> tuple[Subject, ...]:
    """All subjects that are not deleted, by name; damaged ones are left out and logged."""
    found: list[Subject] = []
    for row, references in session.execute(subjects_counted()):
        try:
            found.append(open_subject(row, data_key).subject(references))
        except GalleryTamperedError as error:
            _log.warning("entry %s does not open", error.facts["row"])
    return tuple(sorted(found, key=lambda subject: (name_key(subject.name), subject.name)))


def all_references(session: Session, data_key: bytes, model: ModelId) -> Iterator[Reference]:
    """References of everybody that `model` knows, oldest first."""
    keys: dict[str, bytes | None] = {}
    for subject_row, row, template in session.execute(references_with_subjects(model)):
        try:
            if subject_row.id not in keys:
                keys[subject_row.id] = None  # stays so, and is told once, if it is damaged
                keys[subject_row.id] = open_subject(subject_row, data_key).key
            if key := keys[subject_row.id]:
                yield open_reference(row, template, key)
        except GalleryTamperedError as error:
            _log.warning("entry %s does not open", error.facts["row"])


def own_references(session: Session, subject: OpenSubject, model: ModelId) -> Iterator[Reference]:
    """References of one subject that `model` knows, oldest first. Raises GalleryTamperedError."""
    for row in references_of(session, subject.row.id):
        template = session.get(TemplateRow, (row.id, model))
        if template is not None:
            yield open_reference(row, template, subject.key)


def damaged_rows(session: Session, data_key: bytes) -> Iterator[str]:
    """Every row that does not open, as GalleryTamperedError names it."""
    for row in session.scalars(select(SubjectRow).order_by(SubjectRow.id)):
        try:
            subject = open_subject(row, data_key)
        except GalleryTamperedError as error:
            yield str(error.facts["row"])
            continue
        for check in _checks(session, subject):
            try:
                check()
            except GalleryTamperedError as error:
                yield str(error.facts["row"])


def _checks(session: Session, subject: OpenSubject) -> Iterator[Callable[[], object]]:
    for row in references_of(session, subject.row.id):
        for template in templates_of(session, row.id):
            yield partial(open_reference, row, template, subject.key)
        crop = session.get(CropRow, row.id)
        if crop is not None:
            yield partial(open_crop, crop, row, subject.key)
    parts = select(JournalPartRow).where(JournalPartRow.subject_id == subject.row.id)
    for part in session.scalars(parts):
        yield partial(open_image, part, subject.key)


def states(
    session: Session, data_key: bytes, subjects: Sequence[SubjectId]
) -> dict[SubjectId, SubjectState]:
    """How these subjects appear, deleted or not; those missing or damaged are left out."""
    found: dict[SubjectId, SubjectState] = {}
    for subject_id in subjects:
        row = session.get(SubjectRow, subject_id)
        try:
            subject = None if row is None else open_subject(row, data_key)
        except GalleryTamperedError:
            subject = None
        if subject is not None:
            enrolled = subject.row.deleted_at is None
            count = count_references(session, subject_id)
            terms = subject.consent, subject.retain_until
            found[subject_id] = SubjectState(subject.name, subject.note, enrolled, count, *terms)
    return found
