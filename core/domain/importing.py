"""What an import brings, beside what is there already."""

from dataclasses import dataclass
from enum import StrEnum


class OnConflict(StrEnum):
    """What becomes of somebody who is enrolled already, with other references."""

    KEEP = "keep"
    REPLACE = "replace"
    MERGE = "merge"
    RENAME = "rename"


class Verdict(StrEnum):
    """How somebody who is brought compares with who is there."""

    NEW = "new"
    SAME = "same"
    CONFLICT = "conflict"


class Deed(StrEnum):
    """What an import does about somebody."""

    ADD = "add"
    SKIP = "skip"
    REPLACE = "replace"
    MERGE = "merge"
    ADD_RENAMED = "add_renamed"


@dataclass(frozen=True, slots=True)
class PlannedSubject:
    """One subject of an import.

    Attributes:
        name: As it was brought.
        stored_as: The name under which the references are found afterwards.
        references: How many are brought.
        added: How many of them are stored.
        existing: Who is there already, by the same name or the same id; None for somebody new.
    """

    name: str
    verdict: Verdict
    deed: Deed
    stored_as: str
    references: int
    added: int
    existing: str | None


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """All subjects of an import, in its order.

    Attributes:
        entry: Number of the journal's entry that takes it back; None where nothing was changed.
    """

    subjects: tuple[PlannedSubject, ...]
    entry: int | None = None

    def count(self, verdict: Verdict) -> int:
        """How many subjects compare so."""
        return sum(subject.verdict is verdict for subject in self.subjects)

    @property
    def changes(self) -> int:
        """How many subjects it adds to or adds."""
        return sum(subject.deed is not Deed.SKIP for subject in self.subjects)
