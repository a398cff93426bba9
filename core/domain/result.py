"""What became of one frame: the analysis, and the whole state of the running attempt.

A FrameResult may be overwritten by the next one before anybody has looked at it, so it holds
state and never a mere change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.domain.decision import Decision, Score
from core.domain.face import AlignedFace, Face
from core.domain.frame import Frame
from core.domain.quality import Quality, QualityIssue
from core.domain.template import Capture, Embedding


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """One frame after detect → align → assess → embed.

    Attributes:
        faces: All faces, largest first.
        chosen: Index of the face that is decided about; None if there is none to choose.
        track: Identity label of the chosen face across frames; changes when another face is
            chosen. None without a chosen face.
        issues: Why the frame is not used; empty if and only if `embedding` is there.
        stage_ms: Time by stage: detect, align, assess, embed.
    """

    frame: Frame
    faces: tuple[Face, ...]
    chosen: int | None
    track: int | None
    aligned: AlignedFace | None
    quality: Quality | None
    embedding: Embedding | None
    issues: frozenset[QualityIssue]
    stage_ms: Mapping[str, float]

    @property
    def face(self) -> Face | None:
        """The chosen face."""
        return None if self.chosen is None else self.faces[self.chosen]


class Pose(StrEnum):
    """Where the subject is asked to look during enrolment, from the subject's point of view."""

    FRONT = "front"
    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"


class EnrolRefusal(StrEnum):
    """Why a usable frame was still not taken for enrolment."""

    OTHER_POSE = "other_pose"
    OTHER_PERSON = "other_person"
    TOO_SOON = "too_soon"


class EnrolEnd(StrEnum):
    """How an enrolment attempt ended."""

    COMPLETE = "complete"
    TIMED_OUT = "timed_out"
    SOURCE_ENDED = "source_ended"


@dataclass(frozen=True, slots=True)
class VerifyState:
    """A verification or identification so far.

    Attributes:
        judged: Usable frames compared so far.
        score: Of the newest usable frame.
        issues: Of the newest frame.
        decision: Once reached it stays.
    """

    agreeing: int
    needed: int
    judged: int
    score: Score | None
    issues: frozenset[QualityIssue]
    decision: Decision | None


@dataclass(frozen=True, slots=True, eq=False)
class EnrolState:
    """An enrolment so far.

    Attributes:
        wanted: The pose asked for now; None when any pose will do or the attempt has ended.
        accepted: Captures taken so far, in order.
        needed: How many make an enrolment.
        issues: Of the newest frame.
        refusal: Why the newest usable frame was not taken.
        end: None while running.
    """

    wanted: Pose | None
    accepted: tuple[Capture, ...]
    needed: int
    issues: frozenset[QualityIssue]
    refusal: EnrolRefusal | None
    end: EnrolEnd | None


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """A frame's analysis and the attempt's state after it; `state` is None without an attempt."""

    analysis: Analysis
    state: VerifyState | EnrolState | None
