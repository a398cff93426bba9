import csv
import json
from datetime import UTC, date, datetime

from core.domain.event import Event
from core.domain.template import Subject, SubjectId
from core.gallery.lists import events_file, write_lists

ANNA = Subject(
    SubjectId("a1"),
    'Anna, "Ärmel"',
    datetime(2026, 5, 1, 12, tzinfo=UTC),
    3,
    "=1+1",
    "form 3",
    date(2031, 2, 3),
)
ENROLLED = Event(
    1, datetime(2026, 5, 1, 12, tzinfo=UTC), "enrolled", SubjectId("a1"), 3, "", b"digest"
)
EXPORTED = Event(2, datetime(2026, 5, 2, tzinfo=UTC), "exported", None, 1, "plain copy", b"x")


def read_csv(path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_spreadsheet_gets_one_row_a_person(tmp_path) -> None:
    write_lists(tmp_path / "people.csv", "csv", [ANNA], [ENROLLED])

    assert read_csv(tmp_path / "people.csv") == [
        {
            "subject_id": "a1",
            "name": 'Anna, "Ärmel"',
            "enrolled_at": "2026-05-01T12:00:00+00:00",
            "references": "3",
            "note": "'=1+1",
            "consent": "form 3",
            "retain_until": "2031-02-03",
        }
    ]


def test_the_events_lie_beside_it(tmp_path) -> None:
    write_lists(tmp_path / "people.csv", "csv", [ANNA], [ENROLLED, EXPORTED])

    assert events_file(tmp_path / "people.csv").name == "people-events.csv"
    kinds = [row["kind"] for row in read_csv(tmp_path / "people-events.csv")]
    assert kinds == ["enrolled", "exported"]


def test_a_script_gets_one_document(tmp_path) -> None:
    write_lists(tmp_path / "people.json", "json", [ANNA], [EXPORTED])

    document = json.loads((tmp_path / "people.json").read_text(encoding="utf-8"))
    assert document["subjects"][0]["note"] == "=1+1"
    assert document["subjects"][0]["references"] == 3
    assert document["events"] == [
        {
            "number": 2,
            "at": "2026-05-02T00:00:00+00:00",
            "kind": "exported",
            "subject_id": None,
            "count": 1,
            "detail": "plain copy",
        }
    ]
