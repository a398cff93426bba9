"""People with everything that is held about them: what is exported, and what an import brings."""

from dataclasses import dataclass
from datetime import date, datetime

from core.domain.face import AlignedFace
from core.domain.template import ReferenceId, SubjectId, Template


@dataclass(frozen=True, slots=True, eq=False)
class HeldReference:
    """One capture of a subject.

    Attributes:
        quality: Unified quality of the capture, 0–100.
        source: Where the capture came from, without passwords or folders of the machine.
        templates: One a model that looked at it.
        crop: The aligned picture; None where it is not kept.
    """

    reference_id: ReferenceId
    enrolled_at: datetime
    quality: int
    source: str
    templates: tuple[Template, ...]
    crop: AlignedFace | None

    def __post_init__(self) -> None:
        if self.enrolled_at.tzinfo is None:
            raise ValueError("times carry their zone")
        models = {template.model for template in self.templates}
        if len(models) < len(self.templates):
            raise ValueError("a reference has one template a model")


@dataclass(frozen=True, slots=True, eq=False)
class HeldSubject:
    """A subject with all references.

    Attributes:
        note: What the operator wrote down.
        consent: On what ground the subject is enrolled, in the operator's words.
        retain_until: After that day the subject is due to be erased; None if no day was set.
    """

    subject_id: SubjectId
    name: str
    enrolled_at: datetime
    references: tuple[HeldReference, ...]
    note: str = ""
    consent: str = ""
    retain_until: date | None = None

    def __post_init__(self) -> None:
        if self.enrolled_at.tzinfo is None:
            raise ValueError("times carry their zone")


@dataclass(frozen=True, slots=True)
class ArchiveContents:
    """What goes into an archive besides people and templates.

    Attributes:
        pictures: The kept crops; without them another model cannot be made to know the people.
        audit: What was done with the gallery.
    """

    pictures: bool = True
    audit: bool = True


EVERYTHING = ArchiveContents()
