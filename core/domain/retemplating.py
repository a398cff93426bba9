"""A change of model, in records: what it needs, what it would change."""

from dataclasses import dataclass

from core.domain.operating_point import OperatingPoint
from core.domain.template import ModelId, ReferenceId, SubjectId


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A reference that a model does not know yet; without a picture it cannot."""

    reference_id: ReferenceId
    subject_id: SubjectId
    has_crop: bool


@dataclass(frozen=True, slots=True)
class Recognition:
    """What becomes of one enrolled picture when it is shown as a probe.

    Attributes:
        own: Whether it matches another reference of its own subject; None where there is none.
        others: Names of other subjects that it matches, in order.
    """

    own: bool | None
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecisionChange:
    """An enrolled picture about which two models decide differently."""

    name: str
    source: str
    before: Recognition
    after: Recognition


@dataclass(frozen=True, slots=True)
class Recapture:
    """Somebody some of whose references the new model cannot know.

    Attributes:
        usable: References that it knows, or will know.
    """

    name: str
    usable: int
    references: int


@dataclass(frozen=True, slots=True)
class SwapPreview:
    """What a change of model would do; found out without changing anything.

    Attributes:
        references: Of all enrolled subjects.
        present: How many the new model knows already.
        to_embed: How many it will know, from kept pictures.
        compared: How many pictures were shown to both models.
        right_before: Of those, how many matched their own subject and nobody else.
        right_after: Likewise by the new model.
        point: By which the new model would decide.
    """

    former: ModelId
    model: ModelId
    references: int
    present: int
    to_embed: int
    recapture: tuple[Recapture, ...]
    compared: int
    right_before: int
    right_after: int
    changes: tuple[DecisionChange, ...]
    former_point: OperatingPoint | None
    point: OperatingPoint
