"""`audit verify|head|export`."""

import json
import sqlite3
from contextlib import closing

from tests.app.cli.lines import enrolled


def test_a_whole_audit_is_a_yes_with_its_head(cli, pictures) -> None:
    enrolled(cli, pictures)
    said = cli("audit", "verify", "--json")
    assert (said.code, said.data["whole"], said.data["events"]) == (0, True, 1)
    assert cli("audit", "head", "--json").data["head"] == said.data["head"]


def test_an_entry_that_was_taken_out_is_a_no_and_named(cli, pictures, home) -> None:
    enrolled(cli, pictures, ("Anna", "Bruno"))
    with closing(sqlite3.connect(home / "gallery.sqlite")) as raw, raw:
        raw.execute("DROP TRIGGER events_refuse_delete")
        raw.execute("DELETE FROM events WHERE number = 1")

    said = cli("audit", "verify")

    assert said.code == 1
    assert "Entry 1 is missing." in said.out


def test_the_exported_events_are_one_document_a_line_and_name_nobody(
    cli, pictures, tmp_path
) -> None:
    enrolled(cli, pictures)
    cli("people", "rename", "Anna", "Bea")
    assert cli("audit", "export", tmp_path / "a.jsonl").code == 0

    text = (tmp_path / "a.jsonl").read_text()
    events = [json.loads(line) for line in text.splitlines()]
    assert [event["kind"] for event in events] == ["enrolled", "renamed"]
    assert events[-1]["digest"] in cli("audit", "verify").out
    assert not any(name in text for name in ("Anna", "Bea"))
    assert cli("audit", "export", tmp_path / "none" / "a.jsonl").code == 4
