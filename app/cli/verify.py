"""`verify` and `identify`: one attempt on a still picture or on a source."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from app.cli.answer import NO_EXIT, YES_EXIT, Answer
from app.cli.documents import Decided, Evidence, Rate
from app.cli.live import VerifyTalk
from app.cli.looking import look_at
from app.cli.render import Line, Style
from app.cli.request import Request
from app.cli.session import opened_services
from app.present.verdict import Tone, Verdict, describe
from core.attempts.run import run_verification
from core.attempts.verify import STILL_RULE, AttemptRule, VerifyAttempt
from core.capture.sources import open_source
from core.domain.decision import Decision, FrameEvidence, Outcome
from core.domain.operating_point import OperatingPoint
from core.domain.result import VerifyState
from core.domain.template import SubjectId
from core.errors import UNDECIDED_EXIT
from core.matching.rates import stated_rate
from core.vision.assess import VERIFY_LIMITS
from core.wiring import Services

STYLES = {Tone.GOOD: Style.GOOD, Tone.BAD: Style.BAD, Tone.CAUTION: Style.CAUTION}
_EXITS = {
    Outcome.ACCEPTED: YES_EXIT,
    Outcome.REJECTED: NO_EXIT,
    Outcome.INCONCLUSIVE: UNDECIDED_EXIT,
}

MakeAttempt = Callable[[AttemptRule], VerifyAttempt]


@dataclass(frozen=True, slots=True)
class Judged:
    """A decision with how it came about.

    Attributes:
        stage_ms: Of the last frame that was looked at.
        source: Name of the file, or the source's own description.
        notes: Sentences on how a picture was read.
    """

    decision: Decision
    stage_ms: Mapping[str, float]
    source: str
    notes: tuple[str, ...] = ()


def verify(request: Request, name: str, image: Path | None, source: str | None) -> Answer:
    """Is this the person called `name`?"""
    with opened_services(request) as services:
        subject = services.gallery.find(name)
        model = services.vision.embedder.model
        references = services.gallery.references(model, subject.subject_id)
        point = services.vision.point

        def attempt(rule: AttemptRule) -> VerifyAttempt:
            return VerifyAttempt.claim(subject, references, model, point, rule)

        judged = _judge(services, attempt, image, source)
        return _answer(services, judged, {subject.subject_id: subject.name})


def identify(request: Request, image: Path | None, source: str | None) -> Answer:
    """Who of the enrolled people is this, if anybody?"""
    with opened_services(request) as services:
        model = services.vision.embedder.model
        references = services.gallery.references(model)
        names = {entry.subject_id: entry.name for entry in services.gallery.subjects()}

        def attempt(rule: AttemptRule) -> VerifyAttempt:
            return VerifyAttempt.identify(references, model, services.vision.point, rule)

        judged = _judge(services, attempt, image, source)
        return _answer(services, judged, names)


def _judge(
    services: Services, make_attempt: MakeAttempt, image: Path | None, source: str | None
) -> Judged:
    if image is not None:
        return _judge_picture(services, make_attempt(STILL_RULE), image)
    rule = replace(AttemptRule(), timeout_s=services.settings.verify_timeout_s)
    return _judge_source(
        services, make_attempt(rule), services.settings.source if source is None else source
    )


def _judge_picture(services: Services, attempt: VerifyAttempt, image: Path) -> Judged:
    parts = services.vision.parts(services.settings.face_policy, VERIFY_LIMITS)
    looked = look_at(image, parts)
    attempt.observe(looked.analysis)
    decision = _decided(attempt.finish())
    return Judged(decision, looked.analysis.stage_ms, image.name, looked.notes)


def _judge_source(services: Services, attempt: VerifyAttempt, text: str) -> Judged:
    parts = services.vision.parts(services.settings.face_policy, VERIFY_LIMITS)
    with closing(open_source(text)) as source:
        talk = VerifyTalk()
        state = run_verification(source, parts, attempt, talk.on_result, cancelled=lambda: False)
        return Judged(_decided(state), talk.stage_ms, source.identity)


def _decided(state: VerifyState) -> Decision:
    assert state.decision is not None, "a finished attempt has a decision"
    return state.decision


def _answer(services: Services, judged: Judged, names: Mapping[SubjectId, str]) -> Answer:
    verdict = describe(judged.decision, names, services.vision.points)
    document = _document(services, judged, verdict, names)
    blocks = verdict_lines(verdict)
    blocks.extend(Line(note) for note in judged.notes)
    blocks.append(Line(timing_sentence(judged.decision.elapsed_s, judged.stage_ms)))
    return Answer(document, tuple(blocks), _EXITS[judged.decision.outcome])


def verdict_lines(verdict: Verdict) -> list[Line]:
    """A verdict for people, the answer itself first."""
    lines = [Line(f"{verdict.headline}.", STYLES[verdict.tone])]
    lines.extend(Line(text) for text in (verdict.explanation, verdict.rate) if text)
    lines.extend(Line(text) for text in verdict.advice)
    return lines


def timing_sentence(elapsed_s: float, stage_ms: Mapping[str, float]) -> str:
    """How long the attempt ran and what the last frame cost."""
    stages = ", ".join(f"{stage} {spent:.1f}" for stage, spent in stage_ms.items())
    watched = f"Decided after {elapsed_s:.1f} s of watching. " if elapsed_s > 0 else ""
    return f"{watched}Milliseconds for the last picture: {stages or 'none was looked at'}."


def rate_document(
    score: float, points: tuple[OperatingPoint, ...], comparisons: int
) -> Rate | None:
    """The numbers behind the sentence on strangers."""
    stated = stated_rate(score, points, comparisons)
    if stated is None:
        return None
    return Rate(
        one_in=stated.one_in,
        one_in_low=stated.one_in_low,
        one_in_high=stated.one_in_high,
        beyond=stated.beyond,
    )


def _document(
    services: Services, judged: Judged, verdict: Verdict, names: Mapping[SubjectId, str]
) -> Decided:
    decision = judged.decision
    accepted = decision.outcome is Outcome.ACCEPTED and decision.score is not None
    rate = None
    if accepted and decision.score is not None:
        rate = rate_document(decision.score.value, services.vision.points, decision.comparisons)
    return Decided(
        outcome=decision.outcome.value,
        claim=names.get(decision.claim) if decision.claim else None,
        subject=names.get(decision.subject) if decision.subject else None,
        headline=verdict.headline,
        explanation=verdict.explanation,
        rate=verdict.rate,
        stated_rate=rate,
        advice=verdict.advice,
        reasons=tuple(reason.value for reason in decision.reasons),
        issues=tuple(issue.value for issue in decision.issues),
        score=decision.score.value if decision.score else None,
        runner_up=decision.runner_up.value if decision.runner_up else None,
        threshold=decision.point.threshold,
        target_fmr=decision.point.target_fmr,
        comparisons=decision.comparisons,
        agreeing=decision.agreeing,
        needed=decision.needed,
        faces_in_view=decision.faces_in_view,
        elapsed_s=decision.elapsed_s,
        stage_ms=dict(judged.stage_ms),
        model=services.vision.pack.name,
        source=judged.source,
        notes=judged.notes,
        evidence=tuple(_evidence(entry) for entry in decision.evidence),
    )


def _evidence(entry: FrameEvidence) -> Evidence:
    return Evidence(
        index=entry.index,
        captured_at_s=entry.captured_at,
        score=entry.score.value if entry.score else None,
        matched=entry.matched,
        quality=entry.quality,
        issues=tuple(sorted(entry.issues)),
    )
