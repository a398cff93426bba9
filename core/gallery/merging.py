"""Two subjects that are one person, and one subject that was two."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from core.domain.event import EventKind
from core.domain.history import EntryKind
from core.domain.template import ReferenceId, SubjectId
from core.errors import ChangeRefusedError
from core.gallery.changes import Changes, Picture
from core.gallery.codec import OpenSubject, open_crop, open_reference
from core.gallery.queries import references_of, templates_of
from core.gallery.tables import CropRow, ReferenceRow


def merge(changes: Changes, into: SubjectId, other: SubjectId) -> int:
    """Give all references of `other` to `into`, and hide `other`.

    `into` keeps its name, note and consent (it takes over the other's where it has none), and the
    earlier of the two retention dates.

    Returns:
        The journal's entry.

    Raises:
        ChangeRefusedError: Both are the same.
        SubjectUnknownError, GalleryTamperedError: One of them is not there or does not open.
    """
    if into == other:
        raise ChangeRefusedError(reason="a person cannot be merged with itself")
    target, source = changes.open(into), changes.open(other)
    rows = references_of(changes.session, other)
    for row in rows:
        changes.add_picture(target, _picture(changes.session, source, row))
    consent = target.consent or source.consent
    retain_until = _earlier(target.retain_until, source.retain_until)
    if (consent, retain_until) != (target.consent, target.retain_until):
        changes.set_terms(target, consent, retain_until)
    changes.hide(source.row, merged_into=into)
    return changes.finish(EntryKind.MERGED, EventKind.MERGED, into, len(rows))


def split(
    changes: Changes, subject_id: SubjectId, references: Sequence[ReferenceId], name: str
) -> OpenSubject:
    """Move references to a new subject, who has the consent and retention date of the old one.

    Raises:
        ChangeRefusedError: None or all of the references were named, or one that is not theirs.
        NameInvalidError, SubjectExistsError: The name cannot be used.
        SubjectUnknownError, GalleryTamperedError: The subject is not there or does not open.
    """
    source = changes.open(subject_id)
    rows = references_of(changes.session, subject_id)
    leaving = [row for row in rows if row.id in set(references)]
    if not leaving or len(leaving) != len(set(references)):
        raise ChangeRefusedError(reason="some of these pictures are not among the person's")
    if len(leaving) == len(rows):
        raise ChangeRefusedError(reason="at least one picture has to stay with the person")
    target = changes.add_subject(name, "", source.consent, source.retain_until)
    for row in leaving:
        changes.add_picture(target, _picture(changes.session, source, row))
        changes.remove_picture(source, row)
    changes.finish(EntryKind.SPLIT, EventKind.SPLIT, target.subject_id, len(leaving))
    return target


def _picture(session: Session, subject: OpenSubject, row: ReferenceRow) -> Picture:
    crop = session.get(CropRow, row.id)
    known = [open_reference(row, one, subject.key) for one in templates_of(session, row.id)]
    return Picture(
        templates=[reference.template for reference in known],
        quality=row.quality,
        source=known[0].source if known else "",
        aligned=None if crop is None else open_crop(crop, row, subject.key),
        enrolled_at=row.enrolled_at,
    )


def _earlier(first: date | None, second: date | None) -> date | None:
    days = [day for day in (first, second) if day is not None]
    return min(days, default=None)
