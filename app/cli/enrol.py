"""`enrol`: from pictures, each refusal named, or guided in front of a source."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from app.cli.answer import YES_EXIT, Answer
from app.cli.documents import Enrolled, Refused, Resembling, Taken
from app.cli.erasing import day_of
from app.cli.live import EnrolTalk
from app.cli.looking import look_at
from app.cli.render import Line, Style
from app.cli.request import Request
from app.cli.session import opened_services
from app.present.guidance import explain, remedy
from core.attempts.enrol import EnrolAttempt, EnrolRule, pictures_rule
from core.attempts.run import run_enrolment
from core.attempts.snapshot import alike, take_snapshot
from core.capture.files import list_pictures
from core.capture.sources import open_source
from core.domain.result import EnrolEnd, EnrolState
from core.domain.template import Capture, Subject
from core.errors import (
    UNDECIDED_EXIT,
    CaptureError,
    SubjectExistsError,
    SubjectUnknownError,
    UsageError,
)
from core.gallery.names import canonical_name
from core.vision.assess import ENROL_LIMITS
from core.wiring import Services

_ENDS = {
    EnrolEnd.COMPLETE: "",
    EnrolEnd.TIMED_OUT: "The time was over before enough captures were taken.",
    EnrolEnd.SOURCE_ENDED: "The source ended before enough captures were taken.",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What is noted about a new person; `keep_until` as it was typed."""

    note: str = ""
    consent: str = ""
    keep_until: str | None = None


_KEPT = {
    True: "Encrypted face crops are kept, so that another model needs no new pictures; keep_crops "
    "in the settings decides.",
    False: "No picture is kept, so another model will need new ones; keep_crops in the settings "
    "decides.",
}


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """What an enrolment has to store, and what it left out.

    Attributes:
        needed: Captures without which nobody is enrolled.
        end: How the gathering ended, in the words of EnrolEnd.
    """

    captures: tuple[Capture, ...]
    refused: tuple[Refused, ...]
    needed: int
    end: EnrolEnd
    notes: tuple[str, ...] = ()

    @property
    def enough(self) -> bool:
        """Whether somebody can be enrolled."""
        return len(self.captures) >= self.needed


def enrol(
    request: Request,
    name: str,
    images: Sequence[Path],
    source: str | None,
    terms: Terms,
    add: bool,
) -> Answer:
    """Enrol a new person, or add references to one who is.

    Args:
        images: Pictures or folders of pictures; empty for a source.
        add: `name` is enrolled already.
    """
    last_day = day_of(terms.keep_until)
    if add and terms != Terms():
        raise UsageError(
            reason="With --add the notes stay as they are; `pocketface people terms` changes "
            "consent and last day"
        )
    with opened_services(request) as services:
        known = _check_name(services, name, add)
        if images or (source and Path(source).is_dir()):
            gathered = _from_pictures(services, images or [Path(str(source))])
        else:
            gathered = _from_source(
                services, services.settings.source if source is None else source
            )
        resembling = _resembling(services, gathered.captures, known)
        subject = None
        if gathered.enough:
            if known is None:
                subject = services.gallery.enrol(
                    name, gathered.captures, terms.note, terms.consent, last_day
                )
            else:
                subject = services.gallery.add_references(known.subject_id, gathered.captures)
        return _answer(services, gathered, resembling, subject)


def _check_name(services: Services, name: str, add: bool) -> Subject | None:
    """Refuse an impossible name before anybody looks into a camera."""
    wanted = canonical_name(name)
    try:
        found = services.gallery.find(wanted)
    except SubjectUnknownError:
        if add:
            raise
        return None
    if not add:
        raise SubjectExistsError(name=found.name)
    return found


def _from_pictures(services: Services, images: Sequence[Path]) -> Gathered:
    paths = _expand(images)
    parts = services.vision.parts("exactly-one", ENROL_LIMITS)
    refused: list[Refused] = []
    notes: list[str] = []
    captures: list[Capture] = []
    unreadable: list[CaptureError] = []
    attempt = EnrolAttempt(
        pictures_rule(len(paths)),
        source="",
        same_person_threshold=services.vision.same_person_threshold,
    )
    for path in paths:
        try:
            looked = look_at(path, parts)
        except CaptureError as error:
            unreadable.append(error)
            refused.append(Refused(source=str(path), code=error.code, sentence=error.sentence))
            continue
        notes.extend(f"{path}: {note}" for note in looked.notes)
        state = attempt.observe(looked.analysis)
        if len(state.accepted) > len(captures):
            captures.append(replace(state.accepted[-1], source=path.name))
        else:
            refused.append(_refusal(path, state))
    if len(unreadable) == len(paths):
        raise unreadable[0]
    return Gathered(tuple(captures), tuple(refused), 1, EnrolEnd.SOURCE_ENDED, tuple(notes))


def _expand(images: Sequence[Path]) -> list[Path]:
    paths: list[Path] = []
    for image in images:
        paths.extend(list_pictures(image) if image.is_dir() else [image])
    return paths


def _refusal(path: Path, state: EnrolState) -> Refused:
    if state.refusal is not None:
        code, sentence = state.refusal.value, explain(state.refusal)
    else:
        issues = sorted(state.issues)
        code, sentence = issues[0].value, " ".join(remedy(issue) for issue in issues)
    return Refused(source=str(path), code=code, sentence=sentence)


def _from_source(services: Services, text: str) -> Gathered:
    rule = replace(EnrolRule(), timeout_s=services.settings.enrol_timeout_s)
    parts = services.vision.parts("exactly-one", ENROL_LIMITS)
    with closing(open_source(text)) as source:
        if not source.live:
            # Nobody in a recording can follow what is asked for, and it is as long as it is.
            rule = replace(rule, poses=())
        attempt = EnrolAttempt(
            rule,
            source=source.identity,
            same_person_threshold=services.vision.same_person_threshold,
        )
        talk = EnrolTalk(rule.poses)
        state = run_enrolment(source, parts, attempt, talk.on_result, cancelled=lambda: False)
    assert state.end is not None, "a run ends"
    least = state.needed if source.live else 1
    return Gathered(state.accepted, (), least, state.end)


def _resembling(
    services: Services, captures: Sequence[Capture], known: Subject | None
) -> tuple[Resembling, ...]:
    """Who else is as similar to these captures as a match, most similar first."""
    snapshot = take_snapshot(services.gallery, services.vision.embedder.model)
    probes = [capture.embedding for capture in captures]
    highest = alike(snapshot, probes, services.vision.point.threshold)
    own = known.subject_id if known else None
    names = {entry.subject_id: entry.name for entry in services.gallery.subjects()}
    found = [
        Resembling(name=names[subject], score=score)
        for subject, score in highest.items()
        if subject != own and subject in names
    ]
    return tuple(sorted(found, key=lambda entry: -entry.score))


def _answer(
    services: Services,
    gathered: Gathered,
    resembling: tuple[Resembling, ...],
    subject: Subject | None,
) -> Answer:
    document = Enrolled(
        subject=subject.name if subject else None,
        taken=tuple(
            Taken(source=capture.source, quality=capture.quality.unified)
            for capture in gathered.captures
        ),
        refused=gathered.refused,
        resembling=resembling,
        references=subject.references if subject else 0,
        needed=gathered.needed,
        end=gathered.end.value,
        model=services.vision.pack.name,
        notes=gathered.notes,
    )
    lines = [Line(f"Not used: {entry.source}: {entry.sentence}") for entry in gathered.refused]
    lines.extend(Line(note) for note in gathered.notes)
    if subject is None:
        lines.insert(0, Line("Nobody was enrolled.", Style.CAUTION))
        lines.append(Line(_shortfall(gathered)))
        return Answer(document, tuple(lines), UNDECIDED_EXIT)
    count = len(gathered.captures)
    lines.insert(0, Line(f"Enrolled {subject.name} from {_pictures(count)}.", Style.GOOD))
    lines.append(Line(_KEPT[services.settings.keep_crops]))
    lines.extend(Line(_warning(entry), Style.CAUTION) for entry in resembling)
    return Answer(document, tuple(lines), YES_EXIT)


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def _shortfall(gathered: Gathered) -> str:
    ending = _ENDS[gathered.end]
    if gathered.needed == 1:
        return "No picture could be used; nothing was stored."
    return (
        f"{ending} {len(gathered.captures)} of {gathered.needed} captures were taken; nothing was "
        "stored. Try again in good light, following what is asked for."
    )


def _warning(entry: Resembling) -> str:
    return (
        f"Attention: these pictures resemble {entry.name} (score {entry.score:.3f}). If this is "
        "the same person, delete one of the two; if not, expect the two to be mixed up."
    )
