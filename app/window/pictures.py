"""Captures for an enrolment out of still pictures, each refusal with its reason."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from app.present.guidance import explain, remedy
from app.runtime.threads import Control, Progress
from app.window.actions import PictureOutcome
from core.attempts.enrol import EnrolAttempt, pictures_rule
from core.capture.files import list_pictures
from core.capture.pictures import read_picture
from core.domain.result import EnrolState
from core.errors import Cancelled, CaptureError
from core.pipeline import Parts, analyse
from core.vision.upright import find_upright


def captures_from(
    paths: Sequence[Path],
    parts: Parts,
    same_person_threshold: float,
    control: Control,
) -> tuple[PictureOutcome, ...]:
    """Look at pictures, and at those in folders, one after another.

    Raises:
        Cancelled: `control` said so.
    """
    files, outcomes = _expand(paths)
    attempt = EnrolAttempt(
        pictures_rule(max(1, len(files))), source="", same_person_threshold=same_person_threshold
    )
    for index, path in enumerate(files):
        if control.cancelled():
            raise Cancelled
        control.report(Progress(index, len(files)))
        outcomes.append(_look_at(path, parts, attempt))
    control.report(Progress(len(files), len(files)))
    return tuple(outcomes)


def _expand(paths: Sequence[Path]) -> tuple[list[Path], list[PictureOutcome]]:
    files: list[Path] = []
    refused: list[PictureOutcome] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        try:
            files.extend(list_pictures(path))
        except CaptureError as error:
            refused.append(PictureOutcome(path.name, None, error.sentence))
    return files, refused


def _look_at(path: Path, parts: Parts, attempt: EnrolAttempt) -> PictureOutcome:
    try:
        picture = read_picture(path)
    except CaptureError as error:
        return PictureOutcome(path.name, None, error.sentence)
    upright, _ = find_upright(picture.frame, parts.detector)
    state = attempt.observe(analyse(upright, parts))
    notes = [note.value for note in picture.notes]
    if upright is not picture.frame:
        notes.append("It lay on its side or upside down and was turned.")
    reason = _refusal(state)
    if reason:
        return PictureOutcome(path.name, None, reason)
    capture = replace(state.accepted[-1], source=path.name)
    return PictureOutcome(path.name, capture, " ".join(notes))


def _refusal(state: EnrolState) -> str:
    if state.issues:
        return " ".join(remedy(issue) for issue in sorted(state.issues))
    return explain(state.refusal) if state.refusal is not None else ""
