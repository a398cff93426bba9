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
from app.cli.render import Block, Line, Style, Table, confirm
from app.cli.request import Request
from app.cli.session import folders_of, opened_gallery
from core.domain.template import Subject
from core.gallery.names import canonical_name
from core.ports import Gallery
from core.vision.packs import list_packs

_PERSON_COLUMNS = ("name", "references", "enrolled", "note")
_REFERENCE_COLUMNS = ("source", "quality", "model", "enrolled")


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
        (entry.source, str(entry.quality), entry.model, _day(entry.enrolled_at))
        for entry in references
    )
    blocks: list[Block] = [
        Line(person.name, Style.STRONG),
        Line(f"Enrolled {_day(person.enrolled_at)}; references: {person.references}."),
    ]
    if person.note:
        blocks.append(Line(f"Note: {person.note}"))
    if rows:
        blocks.append(Table(_REFERENCE_COLUMNS, rows))
    others = person.references - len(references)
    if others > 0:
        blocks.append(Line(f"{others} more were made with models that are not installed."))
    return Answer(PersonShown(person=person, references=references), tuple(blocks))


def rename(request: Request, name: str, new_name: str) -> Answer:
    """Give somebody another name; a name that is taken is refused."""
    with opened_gallery(request) as store:
        subject = store.gallery.find(name)
        renamed = store.gallery.rename(subject.subject_id, canonical_name(new_name))
    document = Renamed(subject_id=subject.subject_id, former=subject.name, name=renamed.name)
    return Answer(document, (Line(f"{subject.name} is now called {renamed.name}.", Style.GOOD),))


def delete(request: Request, name: str, yes: bool) -> Answer:
    """Remove somebody for good, once confirmed."""
    with opened_gallery(request) as store:
        subject = store.gallery.find(name)
        question = (
            f"Delete {subject.name} with all {subject.references} references? "
            "This cannot be undone."
        )
        if not yes and not confirm(question):
            kept = Deleted(name=subject.name, deleted=False)
            return Answer(kept, (Line("Nothing was deleted."),), NO_EXIT)
        store.gallery.delete(subject.subject_id)
        store.gallery.purge()
    document = Deleted(name=subject.name, deleted=True)
    return Answer(document, (Line(f"{subject.name} was deleted.", Style.GOOD),), YES_EXIT)


def _references(
    request: Request, gallery: Gallery, subject: Subject
) -> tuple[StoredReference, ...]:
    packs = list_packs(folders_of(request).models).packs
    return tuple(
        StoredReference(
            reference_id=reference.reference_id,
            model=pack.name,
            enrolled_at=reference.enrolled_at.isoformat(),
            quality=reference.quality,
            source=reference.source,
        )
        for pack in packs
        if pack.card.role == "embedder"
        for reference in gallery.references(pack.model_id, subject.subject_id)
    )


def _person(subject: Subject) -> Person:
    return Person(
        subject_id=subject.subject_id,
        name=subject.name,
        enrolled_at=subject.enrolled_at.isoformat(),
        references=subject.references,
        note=subject.note,
    )


def _day(moment: str) -> str:
    """The date of an ISO 8601 moment."""
    return moment[:10]
