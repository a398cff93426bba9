"""What is known for certain after somebody was erased."""

from dataclasses import dataclass
from datetime import datetime

from core.domain.template import SubjectId


@dataclass(frozen=True, slots=True)
class ErasureCertificate:
    """What was destroyed; it names nobody.

    Attributes:
        at: UTC.
        subjects: Opaque ids: the subject, and those that had been merged into it.
        journal_entries: How many could have brought something back.
        event: Number of the audit's entry, and `digest` its digest in hexadecimal.
        log_empty: False where another program had the gallery open: its log still holds sealed
            remnants until that program closes it.
        backups_cleaned: Backups made before upgrades that hold nothing of the subject now.
        backups_left: File names of those that could not be cleaned.
    """

    at: datetime
    subjects: tuple[SubjectId, ...]
    references: int
    pictures: int
    journal_entries: int
    event: int
    digest: str
    log_empty: bool
    backups_cleaned: int
    backups_left: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing is left in any file of the data folder."""
        return self.log_empty and not self.backups_left
