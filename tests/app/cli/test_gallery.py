"""`gallery export`."""

import sqlite3
from contextlib import closing

from tests.app.cli.lines import enrolled


def test_the_export_opens_in_any_sqlite(cli, pictures, tmp_path) -> None:
    enrolled(cli, pictures, ("Anna", "Bruno"))
    target = tmp_path / "out.sqlite"
    said = cli("gallery", "export", target, "--yes", "--json")
    assert said.code == 0
    assert said.data == {"path": str(target), "exported": True, "subjects": 2}
    with closing(sqlite3.connect(target)) as database:
        names = {name for (name,) in database.execute("SELECT name FROM subjects")}
    assert names == {"Anna", "Bruno"}


def test_a_no_writes_nothing(cli, tmp_path, answering) -> None:
    answering("n\n")
    said = cli("gallery", "export", tmp_path / "out.sqlite")
    assert said.code == 1
    assert "unencrypted" in said.err
    assert not (tmp_path / "out.sqlite").exists()


def test_a_failed_write_is_a_fault(cli, tmp_path) -> None:
    said = cli("gallery", "export", tmp_path / "no" / "out.sqlite", "--yes", "--json")
    assert said.code == 4
    assert said.document["error"]["code"] == "export.failed"
