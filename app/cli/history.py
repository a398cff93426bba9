"""`people merge|split|undo|redo|history`: changes, what they would do, and taking them back."""

from collections.abc import Sequence

from app.cli.answer import Answer
from app.cli.render import Block, Line, Style, Table
from app.cli.request import Request
from app.cli.session import opened_gallery
from app.cli.trust_documents import Change, Changed, History, SubjectChanged, SubjectSeen
from app.present.history import entry_words, preview_sentences
from core.domain.history import ChangePreview, EntryKind, HistoryEntry, SubjectState
from core.domain.template import ReferenceId, SubjectId
from core.errors import UsageError
from core.ports import Gallery

_COLUMNS = ("change", "when", "what", "")
_TO_UNDO = "`pocketface people undo` takes this back."


def merge(request: Request, name: str, other: str, dry_run: bool) -> Answer:
    """Give everything of `other` to `name`."""
    with opened_gallery(request) as store:
        gallery = store.gallery
        into, from_ = gallery.find(name).subject_id, gallery.find(other).subject_id
        preview = gallery.preview_merge(into, from_)
        if not dry_run:
            gallery.merge(into, from_)
    return _answer(preview, dry_run)


def split(request: Request, name: str, new_name: str | None, pictures: Sequence[str]) -> Answer:
    """Undo the newest merge into `name`, or move the pictures that are named to `new_name`."""
    with opened_gallery(request) as store:
        gallery = store.gallery
        subject = gallery.find(name)
        if pictures:
            if new_name is None:
                raise UsageError(reason="Give the new person's name after the name")
            return _split_pictures(gallery, subject.subject_id, new_name, pictures)
        if new_name is not None:
            raise UsageError(
                reason="Say with --picture which pictures go to the new person; "
                f"`pocketface people show '{subject.name}'` lists them"
            )
        number = gallery.newest_merge(subject.subject_id)
        if number is None:
            raise UsageError(
                reason=f"No merge into '{subject.name}' can be undone; name the new person and "
                "the pictures with --picture instead"
            )
        preview = gallery.preview_undo(number)
        gallery.undo(number)
    return _answer(preview, dry_run=False, again="`pocketface people redo` merges them again.")


def undo(request: Request, number: int | None, dry_run: bool) -> Answer:
    """Take back the newest change, or the one of that number."""
    with opened_gallery(request) as store:
        preview = store.gallery.preview_undo(number)
        if not dry_run:
            store.gallery.undo(preview.number)
    return _answer(preview, dry_run, again="`pocketface people redo` carries it out again.")


def redo(request: Request) -> Answer:
    """Carry out again what was undone last."""
    with opened_gallery(request) as store:
        entry = store.gallery.redo()
    document = Changed(done=True, change=entry.number, kind=entry.kind, people=())
    return Answer(document, (Line(f"Done again: {entry_words(entry)}.", Style.GOOD),))


def history(request: Request) -> Answer:
    """All changes that are remembered."""
    with opened_gallery(request) as store:
        entries = store.gallery.history()
    rows = tuple(
        (str(entry.number), f"{entry.at:%Y-%m-%d %H:%M}", entry_words(entry), _state(entry))
        for entry in entries
    )
    blocks: tuple[Block, ...] = (Line("Nothing was changed that is still remembered."),)
    if rows:
        last = Line(
            "`pocketface people undo` takes back the newest, or the one whose number you give."
        )
        blocks = (Table(_COLUMNS, rows), last)
    return Answer(History(changes=tuple(_change(entry) for entry in entries)), blocks)


def _split_pictures(
    gallery: Gallery, subject_id: SubjectId, new_name: str, pictures: Sequence[str]
) -> Answer:
    before = {one.subject_id: one for one in gallery.subjects()}
    gallery.split(subject_id, [ReferenceId(one) for one in pictures], new_name)
    number = gallery.history()[0].number
    people = tuple(
        SubjectChanged(
            subject_id=one.subject_id,
            before=None
            if (old := before.get(one.subject_id)) is None
            else SubjectSeen(name=old.name, enrolled=True, references=old.references),
            after=SubjectSeen(name=one.name, enrolled=True, references=one.references),
        )
        for one in gallery.subjects()
        if before.get(one.subject_id) != one
    )
    document = Changed(done=True, change=number, kind=EntryKind.SPLIT.value, people=people)
    lines = [
        Line(f"{one.after.name} has {one.after.references} of the pictures now.", Style.GOOD)
        for one in people
    ]
    return Answer(document, (*lines, Line(_TO_UNDO)))


def _answer(preview: ChangePreview, dry_run: bool, again: str = _TO_UNDO) -> Answer:
    people = tuple(
        SubjectChanged(
            subject_id=one.subject_id,
            before=None if one.before is None else _seen(one.before),
            after=_seen(one.after),
        )
        for one in preview.changes
    )
    document = Changed(done=not dry_run, change=preview.number, kind=preview.kind, people=people)
    style = Style.PLAIN if dry_run else Style.GOOD
    lines = [Line(sentence, style) for sentence in preview_sentences(preview)]
    lines.append(Line("Nothing was changed yet: this is what would happen." if dry_run else again))
    return Answer(document, tuple(lines))


def _seen(state: SubjectState) -> SubjectSeen:
    return SubjectSeen(name=state.name, enrolled=state.enrolled, references=state.references)


def _change(entry: HistoryEntry) -> Change:
    return Change(
        number=entry.number,
        at=entry.at.isoformat(),
        kind=entry.kind,
        names=entry.subjects,
        undone_at=None if entry.undone_at is None else entry.undone_at.isoformat(),
        can_be_undone=entry.can_be_undone,
    )


def _state(entry: HistoryEntry) -> str:
    if entry.undone_at is not None:
        return f"undone {entry.undone_at:%Y-%m-%d %H:%M}"
    return "" if entry.complete else "cannot be undone any more"
