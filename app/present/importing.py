"""What an import brings and does, in the words that window and command line share."""

from app.present.guidance import explain, remedy
from core.domain.importing import Deed, ImportPlan, PlannedSubject, Verdict
from core.domain.person_pictures import RefusedPicture

_SUMMARY = (
    (Verdict.NEW, "{count} new {people}"),
    (Verdict.SAME, "{count} {people} already there"),
    (Verdict.CONFLICT, "{count} {people} enrolled with other pictures or another name"),
)


def compared(subject: PlannedSubject) -> str:
    """How somebody who is brought compares with who is there."""
    if subject.verdict is Verdict.NEW:
        return "new"
    if subject.verdict is Verdict.SAME:
        return "there already, the same"
    if subject.existing == subject.name:
        return "enrolled already, with other pictures"
    return f"enrolled already as {subject.existing}"


def outcome(subject: PlannedSubject, *, done: bool) -> str:
    """What becomes of somebody; in the future tense where it is not done yet."""
    pictures = _pictures(subject.added)
    be = "was" if done else "will be"
    were = be if subject.added == 1 else ("were" if done else be)
    return {
        Deed.ADD: f"{be} added with {pictures}",
        Deed.SKIP: "stays as it is",
        Deed.REPLACE: f"{be} replaced, with {pictures}",
        Deed.MERGE: f"{pictures} {were} added",
        Deed.ADD_RENAMED: f"{be} added as {subject.stored_as}, with {pictures}",
    }[subject.deed]


def summary(plan: ImportPlan, *, done: bool) -> str:
    """The whole import in a sentence."""
    parts = [
        _people(plan.count(verdict), words) for verdict, words in _SUMMARY if plan.count(verdict)
    ]
    found = ", ".join(parts) if parts else "nobody"
    if done and plan.changes:
        return f"Imported: {found}."
    return f"Nothing was changed: {found}." if done else f"An import would bring: {found}."


def refused(picture: RefusedPicture) -> str:
    """Why a picture became no reference."""
    if picture.error is not None:
        return picture.error.sentence
    if picture.refusal is not None:
        return explain(picture.refusal)
    return " ".join(remedy(issue) for issue in sorted(picture.issues))


def refusal_code(picture: RefusedPicture) -> str:
    """The same for programs."""
    if picture.error is not None:
        return picture.error.code
    if picture.refusal is not None:
        return picture.refusal.value
    return min(issue.value for issue in picture.issues)


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def _people(count: int, words: str) -> str:
    return words.format(people="person" if count == 1 else "people", count=count)
