"""Audit, failed attempts and receipts' key in memory."""

from dataclasses import replace
from datetime import UTC, datetime

from core.domain.event import AuditReport, Event, EventKind
from core.domain.template import SubjectId
from core.security.signing import public_key_of, sign

SIGNING_KEY = bytes(range(32))


class MemoryLedger:
    """Implements `ports.Ledger`; nothing outlives the object."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._failures: list[datetime] = []

    def events(self) -> tuple[Event, ...]:
        return tuple(self._events)

    def check(self) -> AuditReport:
        head = f"{len(self._events)}:00" if self._events else ""
        return AuditReport(len(self._events), head, ())

    def note(
        self,
        kind: EventKind,
        subject_id: SubjectId | None = None,
        count: int = 1,
        detail: str = "",
    ) -> None:
        event = Event(0, datetime.now(UTC), kind.value, subject_id, count, detail, bytes(32))
        self._events.append(replace(event, number=len(self._events) + 1))

    def failures(self) -> tuple[datetime, ...]:
        return tuple(self._failures)

    def add_failure(self, at: datetime, forget_before: datetime) -> None:
        self._failures = [one for one in self._failures if one >= forget_before]
        self._failures.append(at)

    def forget_failures(self) -> None:
        self._failures.clear()

    @property
    def public_key(self) -> bytes:
        return public_key_of(SIGNING_KEY)

    def sign(self, purpose: str, message: bytes) -> bytes:
        return sign(SIGNING_KEY, purpose, message)
