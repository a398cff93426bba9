"""What can be taken back: the journal's entries, and what undoing one would change."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from core.domain.template import SubjectId


class EntryKind(StrEnum):
    """Changes of the enrolled people; each is one entry of the journal."""

    ENROLLED = "enrolled"
    REFERENCES_ADDED = "references_added"
    RENAMED = "renamed"
    TERMS_CHANGED = "terms_changed"
    MERGED = "merged"
    SPLIT = "split"
    DELETED = "deleted"
    IMPORTED = "imported"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change.

    Attributes:
        number: Counts up.
        at: UTC.
        kind: One of EntryKind; a word of its own from a later version.
        subjects: Names, as they are now, of those it touched; those erased since are left out.
        undone_at: UTC; None while it stands.
        complete: Whether all that is needed to undo it is still there.
    """

    number: int
    at: datetime
    kind: str
    subjects: tuple[str, ...]
    undone_at: datetime | None
    complete: bool

    @property
    def can_be_undone(self) -> bool:
        """Whether undoing it may be asked for; a later change of the same rows may forbid it."""
        return self.complete and self.undone_at is None


@dataclass(frozen=True, slots=True)
class SubjectState:
    """How somebody appears.

    Attributes:
        enrolled: False while deleted, merged into somebody else, or not enrolled yet.
        references: How many.
    """

    name: str
    note: str
    enrolled: bool
    references: int
    consent: str = ""
    retain_until: date | None = None


@dataclass(frozen=True, slots=True)
class SubjectChange:
    """One subject before and after; `before` is None for a subject that was not there."""

    subject_id: SubjectId
    before: SubjectState | None
    after: SubjectState


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """What a change would do, found out by doing it and rolling it back."""

    number: int
    kind: str
    changes: tuple[SubjectChange, ...]
