"""What a comparison gave, and what an attempt decided from several of them."""

from dataclasses import dataclass
from enum import StrEnum

from core.domain.operating_point import OperatingPoint
from core.domain.quality import QualityIssue
from core.domain.template import ModelId, SubjectId


@dataclass(frozen=True, slots=True, order=True)
class Score:
    """Cosine similarity of two face vectors, −1 to 1; higher is more alike."""

    value: float
    model: ModelId

    def __post_init__(self) -> None:
        if not -1 <= self.value <= 1:
            raise ValueError("a comparison score lies between -1 and 1")


class Outcome(StrEnum):
    """What an attempt ends with."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    INCONCLUSIVE = "inconclusive"


class Reason(StrEnum):
    """Why an attempt ended as it did."""

    FRAMES_AGREED = "frames_agreed"
    BELOW_THRESHOLD = "below_threshold"  # enough usable frames, too few matches
    RUNNER_UP_TOO_CLOSE = "runner_up_too_close"  # identification only
    NOBODY_SIMILAR = "nobody_similar"  # identification only: the explicit unknown
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    POOR_QUALITY = "poor_quality"
    TIMED_OUT = "timed_out"
    SOURCE_ENDED = "source_ended"
    NO_REFERENCES = "no_references"


@dataclass(frozen=True, slots=True)
class FrameEvidence:
    """What one frame contributed to a decision.

    Attributes:
        score: Against the subject in question (the best subject, when identifying); None where
            the frame was not compared.
        matched: Whether the frame speaks for the subject.
        quality: Unified quality, 0–100; None without a face.
    """

    index: int
    captured_at: float
    score: Score | None
    matched: bool
    quality: int | None
    issues: frozenset[QualityIssue]


@dataclass(frozen=True, slots=True)
class Decision:
    """The one answer of an attempt, with its evidence.

    Attributes:
        claim: Who was claimed; None when identifying.
        subject: Who was accepted, or the most similar subject of a refused identification.
        score: The lowest score among the frames that agreed; for a refusal the highest seen.
        comparisons: References compared with each frame: the most that a stranger's chance is
            multiplied by (union bound).
        issues: What kept frames from being used, most frequent first.
        agreeing: Frames that agreed, of `needed`.
        faces_in_view: The largest number of faces in one frame.
        elapsed_s: From the first frame of the attempt, by the frames' clock.
    """

    outcome: Outcome
    claim: SubjectId | None
    subject: SubjectId | None
    score: Score | None
    runner_up: Score | None
    point: OperatingPoint
    comparisons: int
    reasons: tuple[Reason, ...]
    issues: tuple[QualityIssue, ...]
    evidence: tuple[FrameEvidence, ...]
    agreeing: int
    needed: int
    faces_in_view: int
    elapsed_s: float

    def __post_init__(self) -> None:
        if self.outcome is Outcome.ACCEPTED:
            if self.score is None or self.score.value < self.point.threshold:
                raise ValueError("an acceptance has a score at or above the threshold")
            if self.agreeing < self.needed or self.subject is None:
                raise ValueError("an acceptance names its subject and has enough agreeing frames")
        if not self.reasons:
            raise ValueError("a decision has a reason")
