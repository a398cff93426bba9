"""`gallery passphrase|move-key|rotate-key|lock|unlock`, and --key-file."""

import io

import pytest

from core.security import passphrase
from tests.app.cli.lines import enrolled

OLD, NEW = "POCKETFACE_PASSPHRASE", "POCKETFACE_NEW_PASSPHRASE"


@pytest.fixture(autouse=True)
def cheap(monkeypatch) -> None:
    monkeypatch.setattr(passphrase, "ITERATIONS", 1)
    monkeypatch.setattr(passphrase, "MEMORY_KIB", 1024)


def names(cli, **environment: str) -> list[str]:
    said = cli("people", "list", "--json", environment=environment)
    return [person["name"] for person in said.data["people"]]


def test_a_gallery_is_locked_reopened_and_unlocked(cli, pictures, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    enrolled(cli, pictures)
    assert cli("gallery", "lock", environment={NEW: "one"}).code == 0
    said = cli("people", "list")
    assert (said.code, OLD in said.err) == (4, True)
    assert names(cli, **{OLD: "one"}) == ["Anna"]
    assert cli("gallery", "lock", environment={OLD: "one", NEW: "two"}).code == 2

    said = cli("gallery", "unlock", environment={OLD: "one"})

    assert (said.code, "Notice" in said.err) == (0, True)
    assert names(cli) == ["Anna"]
    assert cli("gallery", "unlock").code == 2


def test_a_passphrase_is_changed_and_the_former_one_opens_nothing(cli, pictures) -> None:
    enrolled(cli, pictures)
    cli("gallery", "move-key", "passphrase", environment={NEW: "one"})

    assert cli("gallery", "passphrase", environment={OLD: "one", NEW: "two"}).code == 0

    said = cli("people", "list", "--json", environment={OLD: "one"})
    assert (said.code, said.document["error"]["code"]) == (4, "keys.denied")
    assert names(cli, **{OLD: "two"}) == ["Anna"]


def test_no_passphrase_to_change_is_usage(cli, pictures) -> None:
    enrolled(cli, pictures)
    said = cli("gallery", "passphrase", environment={NEW: "two"})
    assert (said.code, "move-key passphrase" in said.err) == (2, True)


def test_a_new_passphrase_is_typed_twice_alike(cli, pictures, answering, monkeypatch) -> None:
    enrolled(cli, pictures)
    answering("")
    typed = iter(["one", "other"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(typed))
    said = cli("gallery", "move-key", "passphrase")
    assert (said.code, "differ" in said.err) == (4, True)
    assert names(cli) == ["Anna"]


def test_keys_are_rotated_where_they_are(cli, pictures, home) -> None:
    enrolled(cli, pictures)
    [before] = home.glob("*.key")
    said = cli("gallery", "rotate-key", "--json")
    assert (said.data["renewed"], said.data["former_destroyed"]) == (True, True)
    assert [path for path in home.glob("*.key") if path == before] == []
    assert names(cli) == ["Anna"]
    assert cli("audit", "verify").code == 0

    cli("gallery", "move-key", "passphrase", environment={NEW: "one"})
    assert cli("gallery", "rotate-key", environment={OLD: "one"}).code == 0
    assert names(cli, **{OLD: "one"}) == ["Anna"]


def test_a_key_file_of_ones_own_is_made_remembered_and_named_again(cli, pictures, tmp_path) -> None:
    chosen = tmp_path / "stick" / "my.key"
    assert cli("--key-file", chosen, "enrol", "Anna", pictures / "anna.png").code == 0
    assert chosen.exists()
    assert names(cli) == ["Anna"]
    chosen.rename(tmp_path / "moved.key")
    said = cli("people", "list", "--json")
    assert said.document["error"]["code"] == "keys.missing"
    assert cli("people", "list", "--key-file", tmp_path / "moved.key").code == 0

    other = tmp_path / "other.key"
    said = cli("--key-file", tmp_path / "moved.key", "gallery", "move-key", "file", "--to", other)
    assert (said.code, other.exists()) == (0, True)
    assert names(cli) == ["Anna"]
    assert cli("gallery", "move-key", "file", "--to", other).code == 4
    assert cli("gallery", "move-key", "passphrase", "--to", other).code == 2
