"""People as other programs keep them: a name, and pictures in files."""

from dataclasses import dataclass
from pathlib import Path

from core.domain.quality import QualityIssue
from core.domain.result import EnrolRefusal
from core.errors import CaptureError


@dataclass(frozen=True, slots=True)
class PersonPictures:
    """One person.

    Attributes:
        pictures: Each as the files that may show it, the best first.
    """

    name: str
    pictures: tuple[tuple[Path, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class RefusedPicture:
    """A picture that became no reference, and why: one of the three is set.

    Attributes:
        error: It cannot be read.
        issues: What is wrong with the face, or that there is none.
        refusal: It shows somebody else than the pictures before it.
    """

    person: str
    path: Path
    error: CaptureError | None = None
    issues: frozenset[QualityIssue] = frozenset()
    refusal: EnrolRefusal | None = None
