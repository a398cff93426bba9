"""What a gallery keeps beside the people: the audit, failed attempts, and the receipts' key."""

from datetime import datetime

from sqlalchemy import delete, select

from core.domain.event import AuditReport, Event, EventKind
from core.domain.template import SubjectId
from core.gallery.audit import check_events, read_events, record
from core.gallery.store import Store
from core.gallery.tables import FailedAttemptRow
from core.security.signing import public_key_of, sign


class SqliteLedger:
    """Shares the gallery's store, which closes with the gallery. Implements `ports.Ledger`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def events(self) -> tuple[Event, ...]:
        """What was done, oldest first."""
        with self._store.reading() as session:
            return read_events(session)

    def check(self) -> AuditReport:
        """Whether an event was removed, altered or moved."""
        with self._store.reading() as session:
            return check_events(session, self._store.secrets.audit_key)

    def note(
        self,
        kind: EventKind,
        subject_id: SubjectId | None = None,
        count: int = 1,
        detail: str = "",
    ) -> None:
        """Write down what was done outside the gallery; `detail` names nobody."""
        with self._store.writing() as session:
            record(session, self._store.secrets.audit_key, kind, subject_id, count, detail)

    def failures(self) -> tuple[datetime, ...]:
        """When attempts before the camera failed, oldest first."""
        with self._store.reading() as session:
            query = select(FailedAttemptRow.at).order_by(FailedAttemptRow.number)
            return tuple(session.scalars(query))

    def add_failure(self, at: datetime, forget_before: datetime) -> None:
        """Remember a failed attempt, and forget old ones."""
        with self._store.writing() as session:
            session.execute(delete(FailedAttemptRow).where(FailedAttemptRow.at < forget_before))
            session.add(FailedAttemptRow(at=at))

    def forget_failures(self) -> None:
        """Somebody was accepted: begin to count anew."""
        with self._store.writing() as session:
            session.execute(delete(FailedAttemptRow))

    @property
    def public_key(self) -> bytes:
        """What receipts of this gallery are checked with, 32 bytes."""
        return public_key_of(self._store.secrets.signing_key)

    def sign(self, purpose: str, message: bytes) -> bytes:
        """A signature of this gallery, 64 bytes."""
        return sign(self._store.secrets.signing_key, purpose, message)
