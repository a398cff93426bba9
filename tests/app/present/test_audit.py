import json
from datetime import UTC, datetime

from app.present.audit import audit_lines, report_sentences
from core.domain.event import AuditReport, Event


def test_every_event_is_one_line_of_json() -> None:
    event = Event(3, datetime(2026, 5, 1, tzinfo=UTC), "exported", None, 7, "", b"\x9f")

    [line] = audit_lines([event])

    assert line.endswith(b"\n")
    assert json.loads(line) == {
        "number": 3,
        "at": "2026-05-01T00:00:00+00:00",
        "kind": "exported",
        "subject_id": None,
        "count": 7,
        "detail": "",
        "digest": "9f",
    }


def test_a_report_says_the_answer_first() -> None:
    assert report_sentences(AuditReport(0, "", ())) == ("There is no event yet.",)
    assert report_sentences(AuditReport(1, "1:9f", ()))[0] == "1 event is as it was written."
    assert report_sentences(AuditReport(2, "2:9f", ())) == (
        "All 2 events are as they were written.",
        "Newest event: 2:9f",
    )
    broken = report_sentences(AuditReport(2, "2:9f", ("Entry 1 is missing.",)))
    assert broken == ("The audit was tampered with.", "Entry 1 is missing.")
