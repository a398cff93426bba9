"""The audit as JSON lines, and what checking it found in words."""

from collections.abc import Sequence

import msgspec

from core.domain.event import AuditReport, Event


class AuditLine(msgspec.Struct, frozen=True, kw_only=True):
    """One event in an exported file; `digest` in hexadecimal."""

    number: int
    at: str
    kind: str
    subject_id: str | None
    count: int
    detail: str
    digest: str


def audit_lines(events: Sequence[Event]) -> tuple[bytes, ...]:
    """One JSON document an event, each with its line's end."""
    return tuple(
        msgspec.json.encode(
            AuditLine(
                number=event.number,
                at=event.at.isoformat(),
                kind=event.kind,
                subject_id=event.subject_id,
                count=event.count,
                detail=event.detail,
                digest=event.digest.hex(),
            )
        )
        + b"\n"
        for event in events
    )


def report_sentences(report: AuditReport) -> tuple[str, ...]:
    """The answer first, then each fault, or the newest entry."""
    if report.faults:
        return ("The audit was tampered with.", *report.faults)
    if not report.events:
        return ("There is no event yet.",)
    events = "1 event is as it was" if report.events == 1 else f"All {report.events} events are as"
    whole = f"{events} written." if report.events == 1 else f"{events} they were written."
    return (whole, f"Newest event: {report.head}")
