"""One attempt on a still picture or on a source, and what it was decided on."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from app.cli.live import VerifyTalk
from app.cli.looking import look_at
from core.attempts.pause import need_no_pause, note_outcome
from core.attempts.run import run_verification
from core.attempts.verify import STILL_RULE, AttemptRule, VerifyAttempt
from core.capture.sources import open_source, passed_over
from core.domain.decision import Decision, Outcome
from core.domain.result import Analysis, VerifyState
from core.domain.template import Subject
from core.vision.assess import VERIFY_LIMITS
from core.wiring import Services, pause_rule

MakeAttempt = Callable[[AttemptRule], VerifyAttempt]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A decision with how it came about.

    Attributes:
        stage_ms: Of the last frame that was looked at.
        source: Name of the file, or the source's own description.
        best: The frame with the highest score; None where none was compared.
        notes: Sentences on how a picture was read, or on what a folder's reading passed over.
    """

    decision: Decision
    stage_ms: Mapping[str, float]
    source: str
    best: Analysis | None
    image: Path | None = None
    notes: tuple[str, ...] = ()


def claim_of(services: Services, subject: Subject) -> MakeAttempt:
    """Attempts to verify that somebody is `subject`."""
    model = services.vision.embedder.model
    references = services.gallery.references(model, subject.subject_id)
    point = services.vision.point
    return lambda rule: VerifyAttempt.claim(subject, references, model, point, rule)


def judge(
    services: Services, make_attempt: MakeAttempt, image: Path | None, source: str | None
) -> Judged:
    """Decide about a picture, or about a source: the one of the settings where none is named.

    Raises:
        CaptureError: It cannot be read.
        AttemptsPausedError: Too many attempts before the camera failed.
    """
    if image is not None:
        return _judge_picture(services, make_attempt(STILL_RULE), image)
    rule = replace(AttemptRule(), timeout_s=services.settings.verify_timeout_s)
    text = services.settings.source if source is None else source
    return _judge_source(services, make_attempt(rule), text)


def _judge_picture(services: Services, attempt: VerifyAttempt, image: Path) -> Judged:
    parts = services.vision.parts(services.settings.face_policy, VERIFY_LIMITS)
    looked = look_at(image, parts)
    attempt.observe(looked.analysis)
    decision = _decided(attempt.finish())
    best = None if decision.score is None else looked.analysis
    return Judged(decision, looked.analysis.stage_ms, image.name, best, image, looked.notes)


def _judge_source(services: Services, attempt: VerifyAttempt, text: str) -> Judged:
    parts = services.vision.parts(services.settings.face_policy, VERIFY_LIMITS)
    ledger = services.store.ledger
    with closing(open_source(text)) as source:
        if source.live:
            # Only who stands before a camera can try again and again; files are the operator's.
            need_no_pause(ledger, pause_rule(services.settings), datetime.now(UTC))
        talk = VerifyTalk()
        state = run_verification(source, parts, attempt, talk.on_result, cancelled=lambda: False)
        decision = _decided(state)
        if source.live and decision.outcome is not Outcome.INCONCLUSIVE:
            accepted = decision.outcome is Outcome.ACCEPTED
            note_outcome(ledger, accepted=accepted, now=datetime.now(UTC))
        remark = passed_over(source)
        notes = (remark,) if remark else ()
        return Judged(decision, talk.stage_ms, source.identity, talk.best, notes=notes)


def _decided(state: VerifyState) -> Decision:
    assert state.decision is not None, "a finished attempt has a decision"
    return state.decision
