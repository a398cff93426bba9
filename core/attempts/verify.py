"""A run of frames in, one decision out: verification of a claim, or identification.

Rule: the attempt accepts when `agreeing` of the last `window` usable frames speak for the same
subject; it refuses when `judged_limit` usable frames have not led there; it is inconclusive
when the time or the source ends before enough frames could be compared.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from core.domain.decision import Decision, FrameEvidence, Outcome, Reason, Score
from core.domain.operating_point import OperatingPoint
from core.domain.quality import QualityIssue
from core.domain.result import Analysis, VerifyState
from core.domain.template import Embedding, ModelId, Reference, Subject, SubjectId
from core.matching.decide import Vote, judge_claim, judge_open
from core.matching.search import ReferenceMatrix, Snapshot

RANKED = 2  # the most similar subject and the runner-up
EVIDENCE_LIMIT = 300  # frames kept in a decision: ten seconds at 30 a second


@dataclass(frozen=True, slots=True)
class AttemptRule:
    """How many frames decide.

    Attributes:
        agreeing: Frames that must agree; three keep a single bad frame from deciding.
        window: Among so many of the newest usable frames.
        judged_limit: Usable frames after which the answer is no.
        timeout_s: By the frames' own clock.
        margin: Identification only: how much more similar than the runner-up the subject is.
    """

    agreeing: int = 3
    window: int = 5
    judged_limit: int = 12
    timeout_s: float = 10.0
    margin: float = 0.05


STILL_RULE = AttemptRule(agreeing=1, window=1, judged_limit=1)


class VerifyAttempt:
    """Collects frames until there is a decision; the decision then stays."""

    def __init__(
        self,
        judge: Callable[[Embedding], Vote],
        *,
        claim: SubjectId | None,
        comparisons: int,
        point: OperatingPoint,
        rule: AttemptRule,
    ) -> None:
        self._judge = judge
        self._claim = claim
        self._comparisons = comparisons
        self._point = point
        self._rule = rule
        self._votes: deque[Vote] = deque(maxlen=rule.window)
        self._evidence: deque[FrameEvidence] = deque(maxlen=EVIDENCE_LIMIT)
        self._issues: Counter[QualityIssue] = Counter()
        self._all_votes: list[Vote] = []
        self._track: int | None = None
        self._started_at: float | None = None
        self._elapsed_s = 0.0
        self._faces_in_view = 0
        self._decision: Decision | None = None
        if comparisons == 0:
            self._decision = self._end(Outcome.INCONCLUSIVE, [Reason.NO_REFERENCES])

    @classmethod
    def claim(
        cls,
        subject: Subject,
        references: Sequence[Reference],
        model: ModelId,
        point: OperatingPoint,
        rule: AttemptRule,
    ) -> Self:
        """Verify that the person is `subject`.

        Raises:
            ModelMismatchError: A reference was made by another model.
        """
        own = [entry for entry in references if entry.subject_id == subject.subject_id]
        matrix = ReferenceMatrix.build(own, model)
        return cls(
            lambda probe: judge_claim(matrix.scores(probe), subject.subject_id, point),
            claim=subject.subject_id,
            comparisons=matrix.count,
            point=point,
            rule=rule,
        )

    @classmethod
    def identify(
        cls,
        snapshot: Snapshot,
        point: OperatingPoint,
        rule: AttemptRule,
    ) -> Self:
        """Find out which enrolled subject the person is, if any."""
        return cls(
            lambda probe: judge_open(snapshot.best(probe, RANKED), point, rule.margin),
            claim=None,
            comparisons=snapshot.count,
            point=point,
            rule=rule,
        )

    def observe(self, analysis: Analysis) -> VerifyState:
        """Take one frame into account."""
        if self._decision is not None:
            return self._state(analysis.issues, None)
        captured_at = analysis.frame.captured_at
        if self._started_at is None:
            self._started_at = captured_at
        self._elapsed_s = captured_at - self._started_at
        self._faces_in_view = max(self._faces_in_view, len(analysis.faces))
        self._forget_another_face(analysis.track)
        self._issues.update(analysis.issues)
        vote = None if analysis.embedding is None else self._judge(analysis.embedding)
        self._remember(analysis, vote)
        self._decision = self._decide()
        return self._state(analysis.issues, vote.score if vote else None)

    def finish(self, reason: Reason = Reason.SOURCE_ENDED) -> VerifyState:
        """End the attempt: no more frames will come."""
        if self._decision is None:
            self._decision = self._without_acceptance(reason)
        return self._state(frozenset(), None)

    def _forget_another_face(self, track: int | None) -> None:
        """Frames of two people never add up to one acceptance."""
        if track is not None and track != self._track:
            if self._track is not None:
                self._votes.clear()
            self._track = track

    def _remember(self, analysis: Analysis, vote: Vote | None) -> None:
        if vote is not None:
            self._votes.append(vote)
            self._all_votes.append(vote)
        self._evidence.append(
            FrameEvidence(
                index=analysis.frame.index,
                captured_at=analysis.frame.captured_at,
                score=vote.score if vote else None,
                matched=bool(vote and vote.matched),
                quality=analysis.quality.unified if analysis.quality else None,
                issues=analysis.issues,
            )
        )

    def _agreeing(self) -> list[Vote]:
        """The newest votes that match the subject most of them name."""
        matched = [vote for vote in self._votes if vote.matched]
        if not matched:
            return []
        subject, _ = Counter(vote.subject for vote in matched).most_common(1)[0]
        return [vote for vote in matched if vote.subject == subject]

    def _decide(self) -> Decision | None:
        agreeing = self._agreeing()
        if len(agreeing) >= self._rule.agreeing:
            return self._end(Outcome.ACCEPTED, [Reason.FRAMES_AGREED], agreeing)
        if len(self._all_votes) >= self._rule.judged_limit:
            return self._end(Outcome.REJECTED, self._refusal_reasons())
        if self._elapsed_s >= self._rule.timeout_s:
            return self._without_acceptance(Reason.TIMED_OUT)
        return None

    def _without_acceptance(self, reason: Reason) -> Decision:
        """Refuse if enough frames were compared; otherwise nothing can be said."""
        if len(self._all_votes) >= self._rule.agreeing:
            return self._end(Outcome.REJECTED, [*self._refusal_reasons(), reason])
        return self._end(Outcome.INCONCLUSIVE, [*self._obstacles(), reason])

    def _refusal_reasons(self) -> list[Reason]:
        if any(vote.too_close for vote in self._all_votes):
            return [Reason.RUNNER_UP_TOO_CLOSE]
        return [Reason.BELOW_THRESHOLD if self._claim else Reason.NOBODY_SIMILAR]

    def _obstacles(self) -> list[Reason]:
        """What kept frames from being compared, most frequent first, each reason once."""
        known = {
            QualityIssue.NO_FACE: Reason.NO_FACE,
            QualityIssue.SEVERAL_FACES: Reason.SEVERAL_FACES,
        }
        named = [known.get(issue, Reason.POOR_QUALITY) for issue, _ in self._issues.most_common()]
        return list(dict.fromkeys(named))

    def _end(
        self, outcome: Outcome, reasons: Sequence[Reason], agreeing: Sequence[Vote] = ()
    ) -> Decision:
        best = max(
            (vote for vote in self._all_votes if vote.score is not None),
            key=lambda vote: vote.score.value if vote.score else -1.0,
            default=None,
        )
        # Of the frames that agreed the lowest score is stated: the careful one.
        chosen = min(agreeing, key=_value) if agreeing else best
        return Decision(
            outcome=outcome,
            claim=self._claim,
            subject=chosen.subject if chosen else self._claim,
            score=chosen.score if chosen else None,
            runner_up=chosen.runner_up if chosen else None,
            point=self._point,
            comparisons=self._comparisons,
            reasons=tuple(reasons),
            issues=tuple(issue for issue, _ in self._issues.most_common()),
            evidence=tuple(self._evidence),
            agreeing=len(agreeing) or len(self._agreeing()),
            needed=self._rule.agreeing,
            faces_in_view=self._faces_in_view,
            elapsed_s=self._elapsed_s,
        )

    def _state(self, issues: frozenset[QualityIssue], score: Score | None) -> VerifyState:
        return VerifyState(
            agreeing=self._decision.agreeing if self._decision else len(self._agreeing()),
            needed=self._rule.agreeing,
            judged=len(self._all_votes),
            score=score,
            issues=issues,
            decision=self._decision,
        )


def _value(vote: Vote) -> float:
    return vote.score.value if vote.score else -1.0
