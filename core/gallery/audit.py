"""What was done with the gallery, in order; entries are only ever added, and name nobody.

Each entry carries a keyed digest over itself and the digest before it, and the newest one lies
sealed beside them, so that an entry cannot be removed, altered or moved without the key.
"""

import hmac
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.domain.event import AuditReport, Event, EventKind
from core.domain.template import SubjectId
from core.errors import SealBrokenError
from core.gallery.tables import EventRow, MetaRow
from core.security.sealing import bind, seal, unseal

HEAD = "audit_head"
_HEAD_PLACE = bind("meta", "audit head")
_BEGINNING = bytes(sha256().digest_size)


class _Head(msgspec.Struct, frozen=True, array_like=True):
    number: int
    digest: bytes


def record(
    session: Session,
    audit_key: bytes,
    kind: EventKind,
    subject_id: SubjectId | None = None,
    count: int = 1,
    detail: str = "",
) -> Event:
    """Add an entry in the same transaction as what it tells of."""
    number, former = _newest(session, audit_key)
    row = EventRow(
        number=number + 1,
        at=datetime.now(UTC),
        kind=kind.value,
        subject_id=subject_id,
        number_of=count,
        detail=detail,
    )
    row.digest = _digest(audit_key, former, row)
    session.add(row)
    head = msgspec.msgpack.encode(_Head(row.number, row.digest))
    session.merge(MetaRow(key=HEAD, value=seal(audit_key, head, _HEAD_PLACE)))
    session.flush()
    return _event(row, row.digest)


def read_events(session: Session) -> tuple[Event, ...]:
    """All entries, oldest first."""
    rows = session.scalars(select(EventRow).order_by(EventRow.number))
    return tuple(_event(row, row.digest or b"") for row in rows)


def check_events(session: Session, audit_key: bytes) -> AuditReport:
    """Go through the whole chain."""
    rows = session.scalars(select(EventRow).order_by(EventRow.number)).all()
    faults = list(_faults(rows, audit_key))
    head = _read_head(session, audit_key)
    last = rows[-1].number if rows else 0
    if head is None and any(row.digest for row in rows):
        faults.append("The note of the newest entry is missing or was altered.")
    elif head is not None and head.number > last:
        faults.append(_missing(last + 1, head.number))
    elif head is not None and (head.number < last or head.digest != rows[-1].digest):
        faults.append(f"Entry {last} is not the one that was written last.")
    shown = f"{last}:{(rows[-1].digest or b'').hex()}" if rows else ""
    return AuditReport(len(rows), shown, tuple(faults))


def _faults(rows: Sequence[EventRow], audit_key: bytes) -> Iterator[str]:
    former, expected, chained = _BEGINNING, 1, False
    for row in rows:
        gap = row.number != expected
        if gap:
            yield _missing(expected, row.number - 1)
        digest = _digest(audit_key, former, row)
        if row.digest is None and not chained:
            former = digest  # of the first schema; what follows covers it
        elif row.digest is None or (not gap and not hmac.compare_digest(digest, row.digest)):
            yield f"Entry {row.number} was altered, or stands in another's place."
            former = row.digest or digest
        else:
            former = row.digest
        chained = chained or row.digest is not None
        expected = row.number + 1


def _missing(first: int, last: int) -> str:
    if first == last:
        return f"Entry {first} is missing."
    return f"Entries {first} to {last} are missing."


def _newest(session: Session, audit_key: bytes) -> tuple[int, bytes]:
    """Number and digest that the next entry follows."""
    head = _read_head(session, audit_key)
    row = session.scalars(select(EventRow).order_by(EventRow.number.desc()).limit(1)).first()
    last = 0 if row is None else row.number
    if head is not None and head.number > last:
        return head.number, head.digest  # entries were cut off; the gap must stay visible
    if row is None:
        return 0, _BEGINNING
    if row.digest is None:
        return row.number, _digest_of_first_schema(session, audit_key)
    # Without the note of the newest entry nobody knows what is missing: a gap stays as a trace.
    return row.number + (head is None), row.digest


def _digest_of_first_schema(session: Session, audit_key: bytes) -> bytes:
    former = _BEGINNING
    for row in session.scalars(select(EventRow).order_by(EventRow.number)):
        former = _digest(audit_key, former, row)
    return former


def _read_head(session: Session, audit_key: bytes) -> _Head | None:
    row = session.get(MetaRow, HEAD)
    try:
        raw = unseal(audit_key, b"" if row is None else row.value, _HEAD_PLACE)
    except SealBrokenError:
        return None
    return msgspec.msgpack.decode(raw, type=_Head)


def _digest(audit_key: bytes, former: bytes, row: EventRow) -> bytes:
    entry = bind(
        str(row.number),
        row.at.isoformat(),
        row.kind,
        row.subject_id or "",
        str(row.number_of),
        row.detail,
    )
    return hmac.digest(audit_key, former + entry, sha256)


def _event(row: EventRow, digest: bytes) -> Event:
    return Event(
        row.number,
        row.at,
        row.kind,
        None if row.subject_id is None else SubjectId(row.subject_id),
        row.number_of,
        row.detail,
        digest,
    )
