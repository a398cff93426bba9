"""What was done with the gallery, in order; entries are only ever added, and name nobody."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.domain.template import SubjectId
from core.gallery.tables import EventRow


class EventKind(StrEnum):
    """What can be done."""

    ENROLLED = "enrolled"
    REFERENCES_ADDED = "references_added"
    RENAMED = "renamed"
    DELETED = "deleted"
    RESTORED = "restored"
    PURGED = "purged"
    EXPORTED = "exported"


@dataclass(frozen=True, slots=True)
class Event:
    """One entry.

    Attributes:
        number: Counts up from 1; a gap means that an entry was taken out.
        at: UTC.
        kind: One of EventKind; a word of its own from a later version.
        subject_id: None where it was about the whole gallery.
        count: References of an enrolment, subjects of an export; otherwise 1.
    """

    number: int
    at: datetime
    kind: str
    subject_id: SubjectId | None
    count: int


def record(
    session: Session, kind: EventKind, subject_id: SubjectId | None = None, count: int = 1
) -> None:
    """Add an entry in the same transaction as what it tells of."""
    session.add(
        EventRow(at=datetime.now(UTC), kind=kind.value, subject_id=subject_id, number_of=count)
    )


def read_events(session: Session) -> tuple[Event, ...]:
    """All entries, oldest first."""
    rows = session.scalars(select(EventRow).order_by(EventRow.number))
    return tuple(
        Event(
            row.number,
            row.at,
            row.kind,
            None if row.subject_id is None else SubjectId(row.subject_id),
            row.number_of,
        )
        for row in rows
    )
