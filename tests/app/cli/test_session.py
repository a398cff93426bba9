"""Settings, passphrases and notices around a command."""

import io

import pytest

from tests.app.cli.lines import enrolled

SECRET = {"POCKETFACE_PASSPHRASE": "a long secret"}


@pytest.fixture
def locked(home):
    settings = 'model = "tiny"\nkey_store = "passphrase"\n'
    (home / "settings.toml").write_text(settings, encoding="utf-8")
    return home


def test_the_passphrase_comes_from_the_environment(cli, locked, pictures) -> None:
    assert cli("enrol", "Anna", pictures / "anna.png", environment=SECRET).code == 0
    said = cli("people", "list", environment=SECRET)
    assert "Anna" in said.out
    assert "Notice" not in said.err


def test_a_wrong_passphrase_opens_nothing(cli, locked, pictures) -> None:
    cli("enrol", "Anna", pictures / "anna.png", environment=SECRET)
    said = cli("people", "list", "--json", environment={"POCKETFACE_PASSPHRASE": "guess"})
    assert said.code == 4
    assert said.document["error"]["code"] == "keys.denied"


def test_without_anybody_to_ask_the_variable_is_named(cli, locked, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    said = cli("people", "list")
    assert said.code == 4
    assert "POCKETFACE_PASSPHRASE" in said.err


def test_a_new_passphrase_is_asked_for_twice(cli, locked, answering, monkeypatch) -> None:
    answering("")
    typed = iter(["one", "other"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(typed))
    said = cli("people", "list")
    assert said.code == 4
    assert "differ" in said.err
    assert not (locked / "gallery.sqlite").exists()


def test_a_known_passphrase_is_asked_for_once(cli, locked, answering, monkeypatch) -> None:
    cli("people", "list", environment=SECRET)
    answering("")
    typed = iter([SECRET["POCKETFACE_PASSPHRASE"]])
    monkeypatch.setattr("getpass.getpass", lambda _: next(typed))
    assert cli("people", "list").code == 0


def test_a_wrong_model_name_leaves_no_gallery_behind(cli, home, pictures) -> None:
    assert cli("verify", "Anna", pictures / "anna.png", "--model", "nothing").code == 2
    assert not (home / "gallery.sqlite").exists()


def test_a_model_for_once_does_not_change_the_settings(cli, home) -> None:
    before = (home / "settings.toml").read_bytes()
    cli("--model", "other", "people", "list")
    assert (home / "settings.toml").read_bytes() == before


def test_a_missing_key_is_a_fault_and_changes_nothing(cli, home, pictures) -> None:
    enrolled(cli, pictures)
    (home / "gallery.key").unlink()
    before = (home / "gallery.sqlite").read_bytes()
    said = cli("people", "list", "--json")
    assert said.code == 4
    assert said.document["error"]["code"] == "keys.missing"
    assert (home / "gallery.sqlite").read_bytes() == before


def test_a_data_folder_with_odd_characters_works(cli, home, pictures, tmp_path) -> None:
    odd = tmp_path / "a?b#c%41 é"
    home.rename(odd)
    assert cli("enrol", "Anna", pictures / "anna.png", folder=odd).code == 0
    assert cli("verify", "Anna", pictures / "anna.png", folder=odd).code == 0
