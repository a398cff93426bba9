"""The demonstration's acts: enrol, verify, refuse, identify; each through the real attempts."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from statistics import fmean

from app.demo.people import ANNA, BRUNO, STRANGER, DemoPerson, enrolment_pictures, probe_pictures
from app.demo.stage import camera_on, enrol_from_pictures
from app.present.verdict import Tone, Verdict, describe
from core.attempts.enrol import EnrolAttempt, EnrolRule
from core.attempts.run import run_enrolment, run_verification
from core.attempts.snapshot import take_snapshot
from core.attempts.verify import AttemptRule, VerifyAttempt
from core.capture.simulated import Pace
from core.domain.decision import Outcome
from core.domain.result import EnrolEnd, EnrolState, FrameResult
from core.vision.assess import ENROL_LIMITS, VERIFY_LIMITS
from core.wiring import Services

ENROL, JUDGE = "enrol", "judge"  # the two kinds of acts
OnResult = Callable[[FrameResult], None]


@dataclass(frozen=True, slots=True)
class Act:
    """One act and how it went.

    Attributes:
        title: What was tried.
        expected: Whether it went as it has to.
        elapsed_s: Of the wall clock, from the first frame asked for to the answer.
        computed_ms: Mean time that one frame cost; 0 where there was none.
    """

    title: str
    verdict: Verdict
    expected: bool
    elapsed_s: float
    computed_ms: float


@dataclass(frozen=True, slots=True)
class Play:
    """The demonstration on given services.

    Attributes:
        begin: Told the title of each act before it runs.
        follow: Makes the follower of an act, ENROL or JUDGE, which is given every frame's result.
        pace: Of each camera; None for real time.
    """

    services: Services
    begin: Callable[[str], None]
    follow: Callable[[str], OnResult]
    pace: Pace | None = None

    def run(self) -> Iterator[Act]:
        """Each act once it is over. Bruno is enrolled from pictures beforehand."""
        enrol_from_pictures(self.services, BRUNO)
        first = self.enrol(ANNA)
        yield first
        if first.expected:
            yield self.verify(ANNA, claimed=ANNA)
            yield self.verify(STRANGER, claimed=ANNA)
            yield self.identify(BRUNO)
            yield self.identify(STRANGER)

    def enrol(self, person: DemoPerson) -> Act:
        """Enrol somebody live and store what was captured."""
        title = f"{person.name} steps before the camera and is enrolled."
        watch = self._begin(title, ENROL)
        attempt = EnrolAttempt(
            replace(EnrolRule(), timeout_s=self.services.settings.enrol_timeout_s),
            source="simulated camera",
            same_person_threshold=self.services.vision.same_person_threshold,
        )
        paths = enrolment_pictures(person)[:1]
        with closing(camera_on(paths, self.services.vision.detector, self.pace)) as camera:
            parts = self.services.vision.parts("exactly-one", ENROL_LIMITS)
            state = run_enrolment(camera, parts, attempt, watch.on_result, cancelled=_never)
        complete = state.end is EnrolEnd.COMPLETE
        if complete:
            self.services.gallery.enrol(person.name, state.accepted)
        return watch.act(title, _enrolled(person, state), expected=complete)

    def verify(self, person: DemoPerson, claimed: DemoPerson) -> Act:
        """Somebody claims to be `claimed`."""
        title = f"{person.name.capitalize()} claims to be {claimed.name}."
        subject = self.services.gallery.find(claimed.name)
        vision = self.services.vision
        model = vision.embedder.model
        references = self.services.gallery.references(model, subject.subject_id)
        attempt = VerifyAttempt.claim(subject, references, model, vision.point, self._rule())
        return self._judge(title, person, attempt, accepted=person is claimed)

    def identify(self, person: DemoPerson) -> Act:
        """Somebody is looked for among the enrolled people."""
        title = f"Who is this? It is {person.name} in front of the camera."
        vision = self.services.vision
        snapshot = take_snapshot(self.services.gallery, vision.embedder.model)
        attempt = VerifyAttempt.identify(snapshot, vision.point, self._rule())
        return self._judge(title, person, attempt, accepted=person is not STRANGER)

    def _judge(
        self, title: str, person: DemoPerson, attempt: VerifyAttempt, *, accepted: bool
    ) -> Act:
        watch = self._begin(title, JUDGE)
        vision = self.services.vision
        with closing(camera_on(probe_pictures(person), vision.detector, self.pace)) as camera:
            parts = vision.parts(self.services.settings.face_policy, VERIFY_LIMITS)
            state = run_verification(camera, parts, attempt, watch.on_result, cancelled=_never)
        assert state.decision is not None, "a run ends with a decision"
        names = {entry.subject_id: entry.name for entry in self.services.gallery.subjects()}
        decision = state.decision
        if accepted:
            named = names.get(decision.subject) if decision.subject else None
            right = decision.outcome is Outcome.ACCEPTED and named == person.name
        else:
            right = decision.outcome is Outcome.REJECTED
        verdict = describe(decision, names, vision.points)
        return watch.act(title, verdict, expected=right)

    def _rule(self) -> AttemptRule:
        return replace(AttemptRule(), timeout_s=self.services.settings.verify_timeout_s)

    def _begin(self, title: str, kind: str) -> "_Watch":
        self.begin(title)
        return _Watch(self.follow(kind))


class _Watch:
    """Follows one act: passes results on and adds up what they cost."""

    def __init__(self, follow: OnResult) -> None:
        self._follow = follow
        self._started_s = time.perf_counter()
        self._costs_ms: list[float] = []

    def on_result(self, result: FrameResult) -> None:
        self._costs_ms.append(sum(result.analysis.stage_ms.values()))
        self._follow(result)

    def act(self, title: str, verdict: Verdict, *, expected: bool) -> Act:
        return Act(
            title=title,
            verdict=verdict,
            expected=expected,
            elapsed_s=time.perf_counter() - self._started_s,
            computed_ms=fmean(self._costs_ms) if self._costs_ms else 0.0,
        )


def _enrolled(person: DemoPerson, state: EnrolState) -> Verdict:
    taken = f"{len(state.accepted)} of {state.needed} captures were taken."
    if state.end is EnrolEnd.COMPLETE:
        return Verdict(f"Enrolled {person.name}", taken, None, (), Tone.GOOD)
    return Verdict(f"{person.name} was not enrolled", taken, None, (), Tone.CAUTION)


def _never() -> bool:
    return False
