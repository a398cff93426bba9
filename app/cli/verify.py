"""`verify` and `identify`: one attempt on a still picture or on a source."""

from collections.abc import Mapping
from pathlib import Path

from app.cli.answer import NO_EXIT, YES_EXIT, Answer
from app.cli.documents import Decided, Evidence, Rate
from app.cli.judging import Judged, claim_of, judge
from app.cli.receipts import ReceiptWish, receipt_of
from app.cli.render import Line, Style
from app.cli.request import Request
from app.cli.session import opened_services
from app.present.verdict import Tone, Verdict, describe, describe_without_names
from core.attempts.receipt import write_receipt
from core.attempts.snapshot import take_snapshot
from core.attempts.verify import AttemptRule, VerifyAttempt
from core.domain.decision import Decision, FrameEvidence, Outcome
from core.domain.event import EventKind
from core.domain.operating_point import OperatingPoint
from core.domain.template import SubjectId
from core.errors import UNDECIDED_EXIT
from core.matching.rates import stated_rate
from core.wiring import Services

STYLES = {Tone.GOOD: Style.GOOD, Tone.BAD: Style.BAD, Tone.CAUTION: Style.CAUTION}
_EXITS = {
    Outcome.ACCEPTED: YES_EXIT,
    Outcome.REJECTED: NO_EXIT,
    Outcome.INCONCLUSIVE: UNDECIDED_EXIT,
}


def verify(
    request: Request,
    name: str,
    image: Path | None,
    source: str | None,
    wish: ReceiptWish | None = None,
) -> Answer:
    """Is this the person called `name`?"""
    with opened_services(request) as services:
        subject = services.gallery.find(name)
        judged = judge(services, claim_of(services, subject), image, source)
        if services.settings.audit_verifications:
            _note(services, subject.subject_id, judged.decision)
        if wish is not None:
            write_receipt(wish.path, receipt_of(services, judged, subject, wish))
        return _answer(services, judged, {subject.subject_id: subject.name})


def identify(request: Request, image: Path | None, source: str | None) -> Answer:
    """Who of the enrolled people is this, if anybody?"""
    with opened_services(request) as services:
        snapshot = take_snapshot(services.gallery, services.vision.embedder.model)
        names = {entry.subject_id: entry.name for entry in services.gallery.subjects()}

        def attempt(rule: AttemptRule) -> VerifyAttempt:
            return VerifyAttempt.identify(snapshot, services.vision.point, rule)

        judged = judge(services, attempt, image, source)
        if services.settings.audit_verifications:
            _note(services, judged.decision.subject, judged.decision)
        return _answer(services, judged, names)


def _note(services: Services, subject_id: SubjectId | None, decision: Decision) -> None:
    services.store.ledger.note(EventKind.VERIFIED, subject_id, detail=decision.outcome.value)


def _answer(services: Services, judged: Judged, names: Mapping[SubjectId, str]) -> Answer:
    verdict = describe(judged.decision, names, services.vision.points)
    document = _document(services, judged, verdict, names)
    shown = describe_without_names(judged.decision) if services.settings.kiosk else verdict
    blocks = verdict_lines(shown)
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
