"""What is written down for ever: that something was done, never to whom by name."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.domain.template import SubjectId


class EventKind(StrEnum):
    """What can be done."""

    ENROLLED = "enrolled"
    REFERENCES_ADDED = "references_added"
    RENAMED = "renamed"
    TERMS_CHANGED = "terms_changed"
    MERGED = "merged"
    SPLIT = "split"
    DELETED = "deleted"
    UNDONE = "undone"
    REDONE = "redone"
    PURGED = "purged"
    ERASED = "erased"
    IMPORTED = "imported"
    EXPORTED = "exported"
    VERIFIED = "verified"
    KEY_MOVED = "key_moved"
    KEY_ROTATED = "key_rotated"
    MODEL_CHANGED = "model_changed"
    THRESHOLD_CHANGED = "threshold_changed"


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the audit.

    Attributes:
        number: Counts up from 1; a gap means that an entry was taken out.
        at: UTC.
        kind: One of EventKind; a word of its own from another version.
        subject_id: None where it was about the whole gallery.
        count: References of an enrolment, subjects of an export; otherwise 1.
        detail: Facts about no person, such as the names of two models; may be empty.
        digest: Binds the entry to all before it; empty for entries of the first schema.
    """

    number: int
    at: datetime
    kind: str
    subject_id: SubjectId | None
    count: int
    detail: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What checking the chain of events found.

    Attributes:
        head: Number and digest of the newest entry, "12:9f…"; kept elsewhere, it proves later
            that nothing up to it was changed. Empty where there is no entry.
        faults: Sentences; none if the chain is whole.
    """

    events: int
    head: str
    faults: tuple[str, ...]
