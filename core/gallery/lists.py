"""Lists for spreadsheets and scripts: who is enrolled and what was done, without any template."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Literal

from core.domain.event import Event
from core.domain.template import Subject
from core.gallery.draft import replacing

ListFormat = Literal["csv", "json"]
_SUBJECT_COLUMNS = (
    "subject_id",
    "name",
    "enrolled_at",
    "references",
    "note",
    "consent",
    "retain_until",
)
_EVENT_COLUMNS = ("number", "at", "kind", "subject_id", "count", "detail")
# A spreadsheet takes what begins so for a formula and would run it.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_lists(
    target: Path, form: ListFormat, subjects: Sequence[Subject], events: Sequence[Event]
) -> None:
    """Write both lists, mode 0600: one JSON document, or a CSV file each.

    Args:
        target: Of the JSON document or of the CSV file of subjects; the events of a CSV export
            lie beside it, see `events_file`.
        form: "csv" or "json".
        subjects: As the gallery lists them.
        events: Oldest first.

    Raises:
        ExportFailedError: The folder refuses it.
    """
    people = [_plain(asdict(subject), _SUBJECT_COLUMNS) for subject in subjects]
    done = [_plain(asdict(event), _EVENT_COLUMNS) for event in events]
    if form == "json":
        document = json.dumps({"subjects": people, "events": done}, indent=2, ensure_ascii=False)
        _write(target, document + "\n", "utf-8")
        return
    # With the mark that tells spreadsheets that it is UTF-8.
    _write(target, _table(_SUBJECT_COLUMNS, people), "utf-8-sig")
    _write(events_file(target), _table(_EVENT_COLUMNS, done), "utf-8-sig")


def events_file(target: Path) -> Path:
    """Where a CSV export puts the events: people.csv → people-events.csv."""
    return target.with_name(f"{target.stem}-events{target.suffix}")


def _plain(row: dict[str, object], columns: Sequence[str]) -> dict[str, object]:
    return {name: _told(row[name]) for name in columns}


def _told(value: object) -> object:
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    return value if value is None or isinstance(value, int) else str(value)


def _table(columns: Sequence[str], rows: Iterable[dict[str, object]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in columns])
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value


def _write(target: Path, text: str, encoding: str) -> None:
    with replacing(target) as draft:
        draft.write_text(text, encoding=encoding, newline="")
