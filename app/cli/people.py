"""`people list|show|rename|delete`: the enrolled subjects."""

from app.cli.answer import NO_EXIT, YES_EXIT, Answer
from app.cli.documents import (
    Deleted,
    People,
    Person,
    PersonShown,
    Renamed,
    StoredReference,
)
from app.cli.erasing import terms_words
from app.cli.render import Block, Line, Style, Table, confirm
from app.cli.request import Request
from app.cli.session import folders_of, opened_gallery, settings_of
from core.domain.template import Reference, ReferenceId, Subject
from core.gallery.names import canonical_name
from core.ports import Gallery
from core.vision.packs import list_packs

_PERSON_COLUMNS = ("name", "references", "enrolled", "note")
_REFERENCE_COLUMNS = ("picture", "source", "quality", "model", "enrolled")


def list_people(request: Request) -> Answer:
    """Everybody who is enrolled."""
    with opened_gallery(request) as store:
        people = tuple(_person(subject) for subject in store.gallery.subjects())
    blocks: tuple[Block, ...] = (
        Line("Nobody is enrolled yet; `pocketface enrol NAME PICTURE…` enrols somebody."),
    )
    if people:
        rows = tuple(
            (entry.name, str(entry.references), _day(entry.enrolled_at), entry.note)
            for entry in people
        )
        blocks = (Table(_PERSON_COLUMNS, rows),)
    return Answer(People(people=people), blocks)


def show(request: Request, name: str) -> Answer:
    """One person, with the references of every installed model."""
    with opened_gallery(request) as store:
        subject = store.gallery.find(name)
        references = _references(request, store.gallery, subject)
    person = _person(subject)
    rows = tuple(
        (
            entry.reference_id,
            entry.source,
            str(entry.quality),
            ", ".join(entry.models),
            _day(entry.enrolled_at),
        )
        for entry in references
    )
    blocks: list[Block] = [
        Line(person.name, Style.STRONG),
        Line(f"Enrolled {_day(person.enrolled_at)}; references: {person.references}."),
    ]
    if person.note:
        blocks.append(Line(f"Note: {person.note}"))
    blocks.extend(Line(text) for text in terms_words(subject))
    if rows:
        blocks.append(Table(_REFERENCE_COLUMNS, rows))
    others = person.references - len(references)
    if others > 0:
        more = "1 more is" if others == 1 else f"{others} more are"
        blocks.append(Line(f"{more} known only to models that are not installed."))
    return Answer(PersonShown(person=person, references=references), tuple(blocks))


def rename(request: Request, name: str, new_name: str) -> Answer:
    """Give somebody another name; a name that is taken is refused."""
    with opened_gallery(request) as store:
        subject = store.gallery.find(name)
        renamed = store.gallery.rename(subject.subject_id, canonical_name(new_name))
    document = Renamed(subject_id=subject.subject_id, former=subject.name, name=renamed.name)
    return Answer(document, (Line(f"{subject.name} is now called {renamed.name}.", Style.GOOD),))


def delete(request: Request, name: str, yes: bool) -> Answer:
    """Let somebody disappear until that is undone or final, once confirmed."""
    with opened_gallery(request) as store:
        subject = store.gallery.find(name)
        question = (
            f"Delete {subject.name} with all {subject.references} references? "
            "`pocketface people undo` brings them back while that is remembered."
        )
        if not yes and not confirm(question):
            kept = Deleted(name=subject.name, deleted=False, change=None)
            return Answer(kept, (Line("Nothing was deleted."),), NO_EXIT)
        change = store.gallery.delete(subject.subject_id)
    document = Deleted(name=subject.name, deleted=True, change=change)
    days = settings_of(request, folders_of(request)).undo_days
    lines = (
        Line(f"{subject.name} was deleted.", Style.GOOD),
        Line(
            f"`pocketface people undo {change}` brings it back for {days} days; "
            "`pocketface people erase` destroys at once."
        ),
    )
    return Answer(document, lines, YES_EXIT)


def _references(
    request: Request, gallery: Gallery, subject: Subject
) -> tuple[StoredReference, ...]:
    """One entry a capture, with all installed models that know it."""
    packs = list_packs(folders_of(request).models).packs
    known: dict[ReferenceId, tuple[Reference, list[str]]] = {}
    for pack in packs:
        if pack.card.role == "embedder":
            for reference in gallery.references(pack.model_id, subject.subject_id):
                known.setdefault(reference.reference_id, (reference, []))[1].append(pack.name)
    return tuple(
        StoredReference(
            reference_id=reference.reference_id,
            model=models[0],
            models=tuple(models),
            enrolled_at=reference.enrolled_at.isoformat(),
            quality=reference.quality,
            source=reference.source,
        )
        for reference, models in known.values()
    )


def _person(subject: Subject) -> Person:
    return Person(
        subject_id=subject.subject_id,
        name=subject.name,
        enrolled_at=subject.enrolled_at.isoformat(),
        references=subject.references,
        note=subject.note,
        consent=subject.consent,
        keep_until=None if subject.retain_until is None else subject.retain_until.isoformat(),
    )


def _day(moment: str) -> str:
    """The date of an ISO 8601 moment."""
    return moment[:10]
