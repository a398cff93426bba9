"""The journal: what was changed, and taking it back.

An entry is undone by putting its rows back as they were. That is itself an entry, so that it can
be redone. Rows that a later change touched are not overwritten: that change is named instead.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.domain.event import EventKind
from core.domain.history import EntryKind, HistoryEntry
from core.domain.template import SubjectId
from core.errors import GalleryTamperedError, UndoImpossibleError
from core.gallery.audit import record
from core.gallery.changes import SUBJECTS, Changes
from core.gallery.codec import OpenSubject, open_subject
from core.gallery.images import ReferenceImage, SubjectImage, open_image
from core.gallery.store import Secrets
from core.gallery.tables import JournalPartRow, JournalRow, ReferenceRow, SubjectRow

GONE = "what it would bring back was erased or is past its time"


def read_history(session: Session, secrets: Secrets) -> tuple[HistoryEntry, ...]:
    """All changes that are remembered, newest first."""
    rows = session.scalars(
        select(JournalRow).where(JournalRow.undoes.is_(None)).order_by(JournalRow.number.desc())
    )
    names: dict[str, str | None] = {}
    return tuple(_entry(session, secrets, row, names) for row in rows.all())


def read_entry(session: Session, secrets: Secrets, number: int) -> HistoryEntry:
    """One change that is remembered."""
    return _entry(session, secrets, session.get_one(JournalRow, number), {})


def touched_subjects(session: Session, number: int) -> tuple[SubjectId, ...]:
    """Whom a change touched, in the order of its doing."""
    parts = _parts(session, number)
    return tuple(dict.fromkeys(SubjectId(part.subject_id) for part in parts))


def undo(session: Session, secrets: Secrets, number: int | None) -> int:
    """Take a change back; the newest that stands if no number is given.

    Returns:
        Its number.

    Raises:
        UndoImpossibleError: There is nothing to undo, or not yet, or not any more.
        SubjectExistsError: The name of somebody who would come back is taken.
    """
    entry = _newest_standing(session) if number is None else session.get(JournalRow, number)
    if entry is None or entry.undoes is not None:
        reason = "there is no change to undo" if number is None else f"there is no change {number}"
        raise UndoImpossibleError(reason=reason)
    if entry.undone_at is not None:
        raise UndoImpossibleError(reason=f"change {entry.number} was undone already")
    parts = _complete_parts(session, entry)
    _need_untouched(session, entry.number, parts)
    changes = Changes(session, secrets)
    _put_back(changes, parts)
    entry.undone_at = datetime.now(UTC)
    changes.finish(EntryKind.UNDONE, EventKind.UNDONE, undoes=entry.number, detail=entry.kind)
    return entry.number


def redo(session: Session, secrets: Secrets) -> int:
    """Carry out again what was undone last; the number of that change.

    Raises:
        UndoImpossibleError: There is nothing, or something else was changed meanwhile.
        SubjectExistsError: The name of somebody who would come back is taken.
    """
    undoing = session.scalars(
        select(JournalRow)
        .where(JournalRow.undoes.is_not(None))
        .order_by(JournalRow.number.desc())
        .limit(1)
    ).first()
    if undoing is None:
        raise UndoImpossibleError(reason="nothing was undone")
    parts = _complete_parts(session, undoing)
    _need_untouched(session, undoing.number, parts)
    # No entry of its own: the change that was undone stands again, with what it needs to be undone.
    _put_back(Changes(session, secrets), parts)
    entry = session.get(JournalRow, undoing.undoes)
    assert entry is not None, "an entry is forgotten together with what undid it"
    entry.undone_at = None
    session.execute(delete(JournalRow).where(JournalRow.number == undoing.number))
    record(session, secrets.audit_key, EventKind.REDONE, detail=entry.kind)
    return entry.number


def newest_merge(session: Session, subject_id: SubjectId) -> int | None:
    """The newest merge into a subject that stands and can still be undone."""
    query = (
        select(JournalRow)
        .join(JournalPartRow, JournalPartRow.entry == JournalRow.number)
        .where(
            JournalRow.kind == EntryKind.MERGED.value,
            JournalRow.undone_at.is_(None),
            JournalPartRow.subject_id == subject_id,
            JournalPartRow.place != SUBJECTS,
        )
        .order_by(JournalRow.number.desc())
    )
    row = session.scalars(query.limit(1)).first()
    return None if row is None or _count_parts(session, row) < row.parts else row.number


def forget(session: Session, until: datetime) -> None:
    """Drop the entries made before `until`, and those that undid them."""
    old = select(JournalRow.number).where(JournalRow.at < until)
    session.execute(delete(JournalRow).where(JournalRow.undoes.in_(old)))
    session.execute(delete(JournalRow).where(JournalRow.at < until))


def _entry(
    session: Session, secrets: Secrets, row: JournalRow, names: dict[str, str | None]
) -> HistoryEntry:
    parts = _parts(session, row.number)
    ids = list(dict.fromkeys(part.subject_id for part in parts))
    for subject_id in ids:
        if subject_id not in names:
            names[subject_id] = _name(session, secrets, subject_id)
    found = tuple(name for name in map(names.get, ids) if name is not None)
    complete = len(parts) == row.parts
    return HistoryEntry(row.number, row.at, row.kind, found, row.undone_at, complete)


def _name(session: Session, secrets: Secrets, subject_id: str) -> str | None:
    row = session.get(SubjectRow, subject_id)
    try:
        return None if row is None else open_subject(row, secrets.data_key).name
    except GalleryTamperedError:
        return None


def _newest_standing(session: Session) -> JournalRow | None:
    query = select(JournalRow).where(JournalRow.undone_at.is_(None), JournalRow.undoes.is_(None))
    return session.scalars(query.order_by(JournalRow.number.desc()).limit(1)).first()


def _parts(session: Session, entry: int) -> Sequence[JournalPartRow]:
    query = select(JournalPartRow).where(JournalPartRow.entry == entry)
    return session.scalars(query.order_by(JournalPartRow.number)).all()


def _count_parts(session: Session, entry: JournalRow) -> int:
    query = select(func.count()).where(JournalPartRow.entry == entry.number)
    return session.scalars(query).one()


def _complete_parts(session: Session, entry: JournalRow) -> Sequence[JournalPartRow]:
    parts = _parts(session, entry.number)
    if len(parts) < entry.parts:
        raise UndoImpossibleError(reason=GONE)
    return parts


def _need_untouched(session: Session, number: int, parts: Sequence[JournalPartRow]) -> None:
    """Refuse to overwrite what a later change that stands has made of these rows."""
    touched = {(part.place, part.row_id) for part in parts}
    new = {part.subject_id for part in parts if _brought(part)}
    query = (
        select(JournalPartRow)
        .join(JournalRow, JournalRow.number == JournalPartRow.entry)
        .where(
            JournalRow.number > number,
            JournalRow.undone_at.is_(None),
            JournalRow.undoes.is_(None),
        )
        .order_by(JournalRow.number.desc())
    )
    for part in session.scalars(query):
        if (part.place, part.row_id) in touched or part.subject_id in new:
            raise UndoImpossibleError(
                reason=f"change {part.entry} came later and touched the same; undo that one first"
            )


def _brought(part: JournalPartRow) -> bool:
    return part.place == SUBJECTS and part.sealed_before is None


def _put_back(changes: Changes, parts: Sequence[JournalPartRow]) -> None:
    # Subjects that go make room for names of those that come.
    for part in sorted(parts, key=_order):
        row = changes.session.get(SubjectRow, part.subject_id)
        assert row is not None, "a part goes with its subject"
        if _brought(part):
            changes.hide(row)
        else:
            _put_row_back(changes, part, open_subject(row, changes.secrets.data_key))


def _order(part: JournalPartRow) -> tuple[bool, int]:
    return (not _brought(part), part.number)


def _put_row_back(changes: Changes, part: JournalPartRow, subject: OpenSubject) -> None:
    match open_image(part, subject.key):
        case SubjectImage() as image:
            changes.restore_subject(subject.row, image)
        case ReferenceImage() as image:
            changes.restore_picture(subject, image)
        case None:
            reference = changes.session.get(ReferenceRow, part.row_id)
            if reference is not None:
                changes.remove_picture(subject, reference)
