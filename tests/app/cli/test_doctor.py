"""`doctor`: what works, what does not, and an exit code that says which."""

import sqlite3
from contextlib import closing
from dataclasses import replace

from core.errors import LibraryMissingError
from tests.app.cli.lines import HEADLESS, enrolled


def by_subject(said) -> dict[str, dict]:
    return {check["subject"]: check for check in said.data["checks"]}


def test_a_machine_where_everything_works_gets_a_zero(cli, pictures) -> None:
    enrolled(cli, pictures)
    said = cli("doctor", "--json")
    checks = by_subject(said)
    assert said.code == 0
    assert checks["gallery"]["state"] == "good"
    # The tiny recogniser takes two built-in people for one: that is told, and is no fault.
    assert checks["self-test"]["state"] == "note"
    assert "tiny, SHA-256" in checks["recogniser"]["finding"]
    assert {"detect", "align", "assess", "embed"} <= set(said.data["timings_ms"])
    assert {"python", "onnxruntime", "numpy"} <= set(said.data["versions"])


def test_no_gallery_yet_is_no_fault_and_none_is_made(cli, home) -> None:
    said = cli("doctor", "--json")
    assert said.code == 0
    assert by_subject(said)["gallery"]["state"] == "note"
    assert not (home / "gallery.sqlite").exists()


def test_people_read_a_table_and_a_last_word(cli) -> None:
    assert "Everything needed works." in cli("doctor").out


def test_a_gallery_of_zeros_is_a_fault_and_stays(cli, home) -> None:
    (home / "gallery.sqlite").write_bytes(bytes(4096))
    said = cli("doctor", "--json")
    assert said.code == 4
    assert by_subject(said)["gallery"]["state"] == "bad"
    assert by_subject(said)["detector"]["state"] == "good"
    assert (home / "gallery.sqlite").read_bytes() == bytes(4096)


def test_a_missing_model_does_not_hide_the_rest(cli) -> None:
    said = cli("--model", "nothing", "doctor", "--json")
    assert said.code == 4
    assert "nothing" in by_subject(said)["models"]["finding"]
    assert "window" in by_subject(said)


def test_settings_that_cannot_be_read_are_one_finding(cli, home) -> None:
    (home / "settings.toml").write_text("colour = 3", encoding="utf-8")
    said = cli("doctor", "--json")
    assert said.code == 4
    assert by_subject(said)["settings"]["state"] == "bad"


def test_no_screen_is_a_note(cli) -> None:
    assert by_subject(cli("doctor", "--json"))["window"]["state"] == "note"


def test_a_screen_without_qts_libraries_is_a_fault_that_names_them(cli) -> None:
    def incomplete() -> None:
        raise LibraryMissingError(feature="The window", library="libEGL.so.1", remedy="…")

    window = replace(HEADLESS, screen_available=lambda: True, ensure_libraries=incomplete)
    said = cli("doctor", "--json", window=window)
    assert said.code == 4
    assert "libEGL.so.1" in by_subject(said)["window"]["finding"]


def test_an_import_that_fails_for_a_library_is_one_finding(cli) -> None:
    def unloadable() -> None:
        raise ImportError("libEGL.so.1: cannot open shared object file: No such file")

    window = replace(HEADLESS, screen_available=lambda: True, ensure_libraries=unloadable)
    said = cli("doctor", "--json", window=window)
    assert said.code == 4
    assert "libegl1" in by_subject(said)["window"]["finding"]


def test_an_entry_that_does_not_open_is_named(cli, pictures, home) -> None:
    enrolled(cli, pictures, ("Anna", "Bruno"))
    with closing(sqlite3.connect(home / "gallery.sqlite")) as database, database:
        (damaged,) = database.execute('SELECT id FROM "references" LIMIT 1').fetchone()
        statement = "UPDATE templates SET sealed_template = zeroblob(600) WHERE reference_id = ?"
        database.execute(statement, (damaged,))
    said = cli("doctor", "--json")
    assert said.code == 4
    assert any(damaged in check["finding"] for check in said.data["checks"])


def test_a_folder_that_is_no_pack_is_a_note(cli, home) -> None:
    (home / "models" / "broken").mkdir()
    said = cli("doctor", "--json")
    assert said.code == 0
    assert "broken" in by_subject(said)["models"]["finding"]
