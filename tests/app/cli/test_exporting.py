"""`gallery export`: sealed, plain, lists."""

import csv
import json
import sqlite3
from contextlib import closing
from io import StringIO

import pytest

from core.gallery.archive_read import open_archive
from tests.app.cli.lines import enrolled

SEALED = {"POCKETFACE_ARCHIVE_PASSPHRASE": "correct horse"}


def test_an_archive_is_sealed_under_the_passphrase_of_a_script(cli, pictures, tmp_path) -> None:
    enrolled(cli, pictures, ("Anna", "Bruno"))
    target = tmp_path / "out.pfgallery"

    said = cli("gallery", "export", target, "--json", environment=SEALED)

    assert said.code == 0
    assert (said.data["format"], said.data["sealed"], said.data["subjects"]) == (
        "pfgallery",
        True,
        2,
    )
    assert b"Anna" not in target.read_bytes()
    with open_archive(target, lambda: "correct horse") as archive:
        assert [one.name for one in archive.subjects()] == ["Anna", "Bruno"]
        cards = [entry.card["name"] for entry in archive.manifest.models]
    assert cards == ["tiny"]


def test_pictures_and_audit_may_stay_here(cli, pictures, tmp_path) -> None:
    enrolled(cli, pictures)
    target = tmp_path / "out.pfgallery"
    less = ("--without-pictures", "--without-audit")

    assert cli("gallery", "export", target, "--plain", "--yes", *less).code == 0

    with open_archive(target, None) as archive:
        [anna] = archive.subjects()
        assert (anna.references[0].crop, archive.events()) == (None, ())
        assert len(anna.references[0].templates) == 1
    assert cli("gallery", "export", tmp_path / "out.csv", "--yes", *less).code == 2


def test_without_anybody_to_ask_a_sealed_archive_is_not_written(
    cli, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO())
    said = cli("gallery", "export", tmp_path / "out.pfgallery", "--json")
    assert said.code == 4
    assert "POCKETFACE_ARCHIVE_PASSPHRASE" in said.document["error"]["sentence"]
    assert not (tmp_path / "out.pfgallery").exists()


def test_a_new_passphrase_is_typed_twice(cli, tmp_path, answering, monkeypatch) -> None:
    answering("")
    typed = iter(("one", "another", "", "same", "same"))
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(typed))
    target = tmp_path / "out.pfgallery"

    assert "differ" in cli("gallery", "export", target).err
    assert "empty" in cli("gallery", "export", target).err
    assert not target.exists()
    assert cli("gallery", "export", target).code == 0


def test_a_plain_copy_opens_in_any_sqlite(cli, pictures, tmp_path) -> None:
    enrolled(cli, pictures, ("Anna", "Bruno"))
    target = tmp_path / "out.sqlite"

    said = cli("gallery", "export", target, "--yes", "--json")

    assert (said.code, said.data["format"], said.data["sealed"]) == (0, "sqlite", False)
    with closing(sqlite3.connect(target)) as database:
        names = {name for (name,) in database.execute("SELECT name FROM subjects")}
    assert names == {"Anna", "Bruno"}


def test_lists_hold_names_and_events(cli, pictures, tmp_path) -> None:
    enrolled(cli, pictures)

    said = cli("gallery", "export", tmp_path / "out.csv", "--yes", "--json")
    assert said.data["also"] == [str(tmp_path / "out-events.csv")]
    assert cli("gallery", "export", tmp_path / "out.json", "--yes").code == 0

    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["Anna"]
    document = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [event["kind"] for event in document["events"]] == ["enrolled", "exported"]


@pytest.mark.parametrize("line", [("out.sqlite",), ("out.pfgallery", "--plain"), ("out.csv",)])
def test_a_no_writes_nothing(cli, tmp_path, answering, line) -> None:
    answering("n\n")
    said = cli("gallery", "export", tmp_path / line[0], *line[1:])
    assert said.code == 1
    assert "unencrypted" in said.err
    assert list(tmp_path.glob("out*")) == []


def test_a_file_that_is_there_is_asked_about(cli, tmp_path, answering) -> None:
    (tmp_path / "out.pfgallery").write_text("precious", encoding="utf-8")
    answering("n\n")
    assert cli("gallery", "export", tmp_path / "out.pfgallery", environment=SEALED).code == 1
    assert (tmp_path / "out.pfgallery").read_text(encoding="utf-8") == "precious"


def test_a_failed_write_is_a_fault(cli, tmp_path) -> None:
    said = cli("gallery", "export", tmp_path / "no" / "out.sqlite", "--yes", "--json")
    assert said.code == 4
    assert said.document["error"]["code"] == "export.failed"
