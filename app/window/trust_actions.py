"""What the window's pages may ask about changes, keys and audit."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from app.present.audit import audit_lines
from app.runtime.qimage import crop_image
from app.window.actions import ChangeActions, KeptPicture, SecurityActions
from core.attempts.pause import need_no_pause, note_outcome
from core.domain.decision import Decision, Outcome
from core.domain.event import EventKind
from core.domain.template import ModelId, Subject, SubjectId
from core.gallery.draft import replacing
from core.ports import Gallery, Ledger
from core.settings import Settings
from core.wiring import OpenGallery, pause_rule


def change_actions(gallery: Gallery, model: Callable[[], ModelId]) -> ChangeActions:
    """Changes of the enrolled people.

    Args:
        gallery: Whose.
        model: The model in use, whose references are shown.
    """

    def pictures(subject_id: SubjectId) -> tuple[KeptPicture, ...]:
        found = []
        for reference in gallery.references(model(), subject_id):
            crop = gallery.crop(reference.reference_id)
            image = None if crop is None else crop_image(crop)
            found.append(KeptPicture(reference.reference_id, image, reference.source))
        return tuple(found)

    def due() -> tuple[Subject, ...]:
        return gallery.due(datetime.now(UTC).date())

    return ChangeActions(
        pictures=pictures,
        preview_merge=gallery.preview_merge,
        merge=gallery.merge,
        newest_merge=gallery.newest_merge,
        split=gallery.split,
        set_terms=gallery.set_terms,
        history=gallery.history,
        preview_undo=gallery.preview_undo,
        undo=gallery.undo,
        redo=gallery.redo,
        erase=gallery.erase,
        due=due,
    )


def security_actions(store: OpenGallery, settings: Callable[[], Settings]) -> SecurityActions:
    """Keys, audit and the count of failed attempts."""
    ledger = store.ledger

    def export_audit(target: Path) -> int:
        lines = audit_lines(ledger.events())
        with replacing(target) as draft:
            draft.write_bytes(b"".join(lines))
        return len(lines)

    def count_attempt(decision: Decision) -> None:
        now, chosen = datetime.now(UTC), settings()
        if attempts_count(chosen) and decision.outcome is not Outcome.INCONCLUSIVE:
            note_outcome(ledger, accepted=decision.outcome is Outcome.ACCEPTED, now=now)
        if chosen.audit_verifications:
            ledger.note(EventKind.VERIFIED, decision.subject, detail=decision.outcome.value)

    def note_threshold(former: float, new: float) -> None:
        ledger.note(EventKind.THRESHOLD_CHANGED, detail=f"FMR {former:g} to {new:g}")

    return SecurityActions(
        key_place=lambda: store.keys.place,
        key_home=lambda: store.keys.home,
        key_notice=lambda: store.keys.notice,
        change_key=store.keys.change,
        check_audit=ledger.check,
        export_audit=export_audit,
        count_attempt=count_attempt,
        note_threshold=note_threshold,
    )


def need_attempt_allowed(ledger: Ledger, settings: Settings) -> None:
    """Let a live attempt begin. Raises AttemptsPausedError."""
    if attempts_count(settings):
        need_no_pause(ledger, pause_rule(settings), datetime.now(UTC))


def attempts_count(settings: Settings) -> bool:
    """Whether somebody stands before a camera; files and folders are the operator's own."""
    source = Path(settings.source)
    return not (source.is_file() or source.is_dir())
