"""What is said on stderr while an attempt runs: each thing once, when it changes."""

from collections.abc import Mapping, Sequence

from app.cli.render import talk
from app.present.guidance import ask_for, explain, remedy
from core.domain.decision import Score
from core.domain.quality import QualityIssue
from core.domain.result import Analysis, EnrolRefusal, EnrolState, FrameResult, Pose, VerifyState

# Frames that must show the same obstacle before it is mentioned: at 30 frames a second a third
# of a second, so that a blink of blur is not talked about.
_PATIENCE_FRAMES = 10
_ANY_POSE = "Any pose will do now; look at the camera."


class _Obstacles:
    """Mentions an obstacle when it stays, and not again until it has gone."""

    def __init__(self) -> None:
        self._seen: frozenset[QualityIssue] = frozenset()
        self._frames = 0

    def observe(self, issues: frozenset[QualityIssue]) -> None:
        self._frames = self._frames + 1 if issues == self._seen else 1
        self._seen = issues
        if issues and self._frames == _PATIENCE_FRAMES:
            # One remedy at a time is what a person can act on.
            talk(remedy(min(issues, key=list(QualityIssue).index)))


class VerifyTalk:
    """Follows a verification or identification.

    Attributes:
        stage_ms: Of the newest frame.
        best: The frame with the highest score so far; None where none was compared.
    """

    def __init__(self) -> None:
        self.stage_ms: Mapping[str, float] = {}
        self.best: Analysis | None = None
        self._highest: Score | None = None
        self._obstacles = _Obstacles()

    def on_result(self, result: FrameResult) -> None:
        """Take one frame into account."""
        self.stage_ms = result.analysis.stage_ms
        state = result.state
        if not isinstance(state, VerifyState):
            return
        if state.score is not None and (self._highest is None or state.score > self._highest):
            self.best, self._highest = result.analysis, state.score
        if state.decision is None:
            self._obstacles.observe(state.issues)


class EnrolTalk:
    """Follows a guided enrolment: asks for poses, counts captures, names obstacles."""

    def __init__(self, poses: Sequence[Pose]) -> None:
        """Ask for the first pose, so that nobody is surprised by the camera.

        Args:
            poses: That are asked for; empty where nobody can be asked, as in a recording.
        """
        self._guided = bool(poses)
        self._asked = ask_for(poses[0]) if poses else ""
        if poses:
            talk(self._asked)
        self._taken = 0
        self._told_of_stranger = False
        self._obstacles = _Obstacles()

    def on_result(self, result: FrameResult) -> None:
        """Take one frame into account."""
        state = result.state
        if not isinstance(state, EnrolState):
            return
        if len(state.accepted) > self._taken:
            self._taken = len(state.accepted)
            self._told_of_stranger = False
            talk(f"Taken: {self._taken} of {state.needed}.")
        if state.end is None and self._guided:
            self._ask(state)
            self._obstacles.observe(state.issues)

    def _ask(self, state: EnrolState) -> None:
        wish = _ANY_POSE if state.wanted is None else ask_for(state.wanted)
        if wish != self._asked:
            self._asked = wish
            talk(wish)
        if state.refusal is EnrolRefusal.OTHER_PERSON and not self._told_of_stranger:
            self._told_of_stranger = True
            talk(explain(state.refusal))
