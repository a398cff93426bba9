"""People out of pictures in files: one folder a person, as many programs keep them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.attempts.enrol import EnrolAttempt, pictures_rule
from core.capture.errors import FolderEmptyError
from core.capture.files import list_pictures, natural_key
from core.capture.pictures import read_picture
from core.domain.holdings import HeldReference, HeldSubject
from core.domain.person_pictures import PersonPictures, RefusedPicture
from core.domain.template import Capture, ReferenceId, SubjectId, Template
from core.domain.watch import ALONE, Watch
from core.errors import CaptureError, NameInvalidError, UsageError
from core.gallery.names import canonical_name, name_key
from core.pipeline import Parts, analyse
from core.vision.upright import find_upright

ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Eyes:
    """What looks at pictures.

    Attributes:
        same_person_threshold: Two pictures of one person are at least this similar.
    """

    parts: Parts
    same_person_threshold: float


@dataclass(frozen=True, slots=True, eq=False)
class PeopleSeen:
    """What was made of pictures.

    Attributes:
        subjects: People with at least one usable picture.
        refused: Pictures that are left out.
    """

    subjects: tuple[HeldSubject, ...]
    refused: tuple[RefusedPicture, ...]


def people_of_folder(folder: Path) -> tuple[PersonPictures, ...]:
    """The people in `folder`, each with the pictures in the folder of that name.

    Raises:
        UsageError: It cannot be read, holds no such folder, or two of one name.
    """
    try:
        inner = [entry for entry in folder.iterdir() if entry.is_dir() and entry.name[0] != "."]
    except OSError as error:
        reason = error.strerror or "the system refuses it"
        raise UsageError(reason=f"The folder '{folder}' cannot be read: {reason}") from error
    people = []
    for entry in sorted(inner, key=lambda entry: natural_key(entry.name)):
        try:
            pictures = tuple((path,) for path in list_pictures(entry))
        except FolderEmptyError:
            continue
        people.append(PersonPictures(entry.name, pictures))
    if not people:
        raise UsageError(
            reason=f"In '{folder}' there is no folder with pictures; an import takes one folder a "
            "person, named like the person"
        )
    return tuple(people)


def look_at_people(
    people: Sequence[PersonPictures], eyes: Eyes, watch: Watch = ALONE
) -> PeopleSeen:
    """Make references out of all pictures that can be used.

    Raises:
        UsageError: Somebody's name cannot be used, or two have the same.
        Cancelled: `watch` said so.
    """
    names = _checked_names(people)
    total = sum(len(person.pictures) for person in people)
    seen: list[HeldSubject] = []
    refused: list[RefusedPicture] = []
    done = 0
    for name, person in zip(names, people, strict=True):
        look = _Look(name, person, eyes)
        for picture in person.pictures:
            watch.step(done, total)
            look.at(picture)
            done += 1
        refused += look.refused
        if look.captures:
            seen.append(look.subject())
    watch.step(total, total)
    return PeopleSeen(tuple(seen), tuple(refused))


class _Look:
    """One person's pictures, one after another."""

    def __init__(self, name: str, person: PersonPictures, eyes: Eyes) -> None:
        self._name = name
        self._person = person
        self._parts = eyes.parts
        self._attempt = EnrolAttempt(
            pictures_rule(len(person.pictures)),
            source="",
            same_person_threshold=eyes.same_person_threshold,
        )
        self.captures: list[tuple[Capture, Path]] = []
        self.refused: list[RefusedPicture] = []

    def at(self, files: Sequence[Path]) -> None:
        """The first of the files that shows the face well enough; else why the first does not."""
        reasons = []
        for path in files:
            reason = self._try(path)
            if reason is None:
                return
            reasons.append(reason)
        self.refused.append(reasons[0])

    def subject(self) -> HeldSubject:
        now = datetime.now(UTC)
        return HeldSubject(
            subject_id=SubjectId(secrets.token_hex(ID_BYTES)),
            name=self._name,
            enrolled_at=now,
            references=tuple(_reference(capture, path, now) for capture, path in self.captures),
            note=self._person.note,
        )

    def _try(self, path: Path) -> RefusedPicture | None:
        try:
            picture = read_picture(path)
        except CaptureError as error:
            return RefusedPicture(self._name, path, error=error)
        upright, _ = find_upright(picture.frame, self._parts.detector)
        state = self._attempt.observe(analyse(upright, self._parts))
        if len(state.accepted) > len(self.captures):
            self.captures.append((state.accepted[-1], path))
            return None
        return RefusedPicture(self._name, path, issues=state.issues, refusal=state.refusal)


def _checked_names(people: Sequence[PersonPictures]) -> list[str]:
    names: list[str] = []
    keys: set[str] = set()
    for person in people:
        try:
            name = canonical_name(person.name)
        except NameInvalidError as error:
            reason = f"Somebody there cannot be called so: {error.facts['reason']}"
            raise UsageError(reason=reason) from error
        if name_key(name) in keys:
            raise UsageError(reason=f"Two people there are called {name}; rename one of them")
        keys.add(name_key(name))
        names.append(name)
    return names


def _reference(capture: Capture, path: Path, now: datetime) -> HeldReference:
    return HeldReference(
        reference_id=ReferenceId(secrets.token_hex(ID_BYTES)),
        enrolled_at=now,
        quality=capture.quality.unified,
        source=path.name,
        templates=(Template(capture.embedding.vector, capture.embedding.model),),
        crop=capture.aligned,
    )
