"""A run of frames in, the captures of one person out: guided by poses, or picture by picture."""

from dataclasses import dataclass

from core.domain.quality import Quality, QualityIssue
from core.domain.result import Analysis, EnrolEnd, EnrolRefusal, EnrolState, Pose
from core.domain.template import Capture, Embedding
from core.matching.compare import similarity

# Differences to the first capture, so that a face whose five points always look raised or
# turned is not asked for more than it can give. Smaller turns add nothing to a gallery; larger
# ones leave the range in which the five points can be trusted.
TURNED_DEG = 10.0
RAISED_DEG = 6.0
STRAIGHT_DEG = 12.0  # for the first capture, absolute


@dataclass(frozen=True, slots=True)
class EnrolRule:
    """How an enrolment goes.

    Attributes:
        poses: Asked for in turn, one capture each; empty takes every usable picture.
        needed: Captures that make an enrolment.
        pose_patience_s: After so long without the wanted pose any usable frame will do, since
            not everybody can turn or raise the head.
        gap_s: Captures closer together than this show the same moment.
        timeout_s: By the frames' own clock; None waits for the end of the source.
    """

    poses: tuple[Pose, ...] = (Pose.FRONT, Pose.LEFT, Pose.RIGHT, Pose.UP, Pose.DOWN)
    needed: int = 5
    pose_patience_s: float = 6.0
    gap_s: float = 0.4
    timeout_s: float | None = 60.0


def pictures_rule(count: int) -> EnrolRule:
    """The rule for `count` still pictures: every usable one is taken, in any pose."""
    return EnrolRule(poses=(), needed=count, gap_s=0.0, timeout_s=None)


class EnrolAttempt:
    """Collects captures of one person until there are enough."""

    def __init__(self, rule: EnrolRule, *, source: str, same_person_threshold: float) -> None:
        """Begin.

        Args:
            rule: How the enrolment goes.
            source: Where the frames come from, for the reference's record.
            same_person_threshold: A capture must be at least this similar to one before it.
        """
        self._rule = rule
        self._source = source
        self._threshold = same_person_threshold
        self._accepted: list[Capture] = []
        self._accepted_at = 0.0
        self._started_at: float | None = None
        self._now = 0.0
        self._end: EnrolEnd | None = None

    def observe(self, analysis: Analysis) -> EnrolState:
        """Take one frame into account."""
        if self._end is not None:
            return self._state(analysis.issues, None)
        self._now = analysis.frame.captured_at
        if self._started_at is None:
            self._started_at = self._accepted_at = self._now
        refusal = self._consider(analysis)
        if len(self._accepted) >= self._rule.needed:
            self._end = EnrolEnd.COMPLETE
        elif self._timed_out(self._now - self._started_at):
            self._end = EnrolEnd.TIMED_OUT
        return self._state(analysis.issues, refusal)

    def finish(self) -> EnrolState:
        """End the attempt: no more frames will come."""
        if self._end is None:
            self._end = EnrolEnd.SOURCE_ENDED
        return self._state(frozenset(), None)

    @property
    def _wanted(self) -> Pose | None:
        position = len(self._accepted)
        waited_s = self._now - self._accepted_at
        if self._end is not None or position >= len(self._rule.poses):
            return None
        # The first capture is the one the others are measured by, so it is always asked for.
        if position > 0 and waited_s >= self._rule.pose_patience_s:
            return None
        return self._rule.poses[position]

    def _timed_out(self, elapsed_s: float) -> bool:
        return self._rule.timeout_s is not None and elapsed_s >= self._rule.timeout_s

    def _consider(self, analysis: Analysis) -> EnrolRefusal | None:
        """Take the frame, or say why a usable one was not taken."""
        embedding, aligned, quality = analysis.embedding, analysis.aligned, analysis.quality
        if embedding is None or aligned is None or quality is None:
            return None
        refusal = self._refuse(embedding, quality)
        if refusal is None:
            self._accepted.append(Capture(embedding, aligned, quality, self._source))
            self._accepted_at = self._now
        return refusal

    def _refuse(self, embedding: Embedding, quality: Quality) -> EnrolRefusal | None:
        if not self._same_person(embedding):
            return EnrolRefusal.OTHER_PERSON
        if self._accepted and self._now - self._accepted_at < self._rule.gap_s:
            return EnrolRefusal.TOO_SOON
        first = self._accepted[0].quality if self._accepted else None
        if self._wanted is not None and not is_pose(self._wanted, quality, first):
            return EnrolRefusal.OTHER_POSE
        return None

    def _same_person(self, embedding: Embedding) -> bool:
        scores = [similarity(embedding, taken.embedding).value for taken in self._accepted]
        return not scores or max(scores) >= self._threshold

    def _state(self, issues: frozenset[QualityIssue], refusal: EnrolRefusal | None) -> EnrolState:
        return EnrolState(
            wanted=self._wanted,
            accepted=tuple(self._accepted),
            needed=self._rule.needed,
            issues=issues,
            refusal=refusal,
            end=self._end,
        )


def is_pose(wanted: Pose, quality: Quality, first: Quality | None) -> bool:
    """Whether a head is held as asked.

    Args:
        wanted: From the subject's point of view: LEFT is towards the image's right.
        quality: Of the frame in question.
        first: Of the first capture, against which turns are measured; None for the first.
    """
    yaw_deg = quality.yaw_deg - (first.yaw_deg if first else 0.0)
    pitch_deg = quality.pitch_deg - (first.pitch_deg if first else 0.0)
    held = {
        Pose.FRONT: abs(yaw_deg) <= STRAIGHT_DEG,
        Pose.LEFT: yaw_deg >= TURNED_DEG,
        Pose.RIGHT: yaw_deg <= -TURNED_DEG,
        Pose.UP: pitch_deg >= RAISED_DEG,
        Pose.DOWN: pitch_deg <= -RAISED_DEG,
    }
    return held[wanted]
