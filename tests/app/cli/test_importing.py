"""`gallery import`: every kind of source, every choice, every refusal."""

import shutil
from io import StringIO

import pytest

from tests.app.cli.lines import enrolled
from tests.core.gallery.archives import FORMATS, quick_lock, write
from tests.fakes.holdings import make_held

SEALED = {"POCKETFACE_ARCHIVE_PASSPHRASE": "correct horse battery"}


def people(cli, **options) -> dict[str, int]:
    found = cli("people", "list", "--json", **options).data["people"]
    return {entry["name"]: entry["references"] for entry in found}


@pytest.fixture
def archive(tmp_path):
    """Anna with two pictures and Bob with one, of a model that is not here."""
    held = (make_held("Anna", 1, 2), make_held("Bob", 3))
    return write(tmp_path / "out.pfgallery", *held, lock=quick_lock())


def test_a_dry_run_lists_everybody_and_changes_nothing(cli, pictures, archive) -> None:
    enrolled(cli, pictures)

    said = cli("gallery", "import", archive, "--dry-run", "--json", environment=SEALED)

    assert (said.code, said.data["done"], said.data["change"]) == (0, False, None)
    assert [(it["name"], it["verdict"], it["deed"]) for it in said.data["people"]] == [
        ("Anna", "conflict", "skip"),
        ("Bob", "new", "add"),
    ]
    assert people(cli) == {"Anna": 1}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("keep", {"Anna": 1, "Bob": 1}),
        ("merge", {"Anna": 3, "Bob": 1}),
        ("replace", {"Anna": 2, "Bob": 1}),
        ("rename", {"Anna": 1, "Anna (2)": 2, "Bob": 1}),
    ],
)
def test_each_choice_does_what_it_says_and_can_be_undone(
    cli, pictures, archive, choice, expected
) -> None:
    enrolled(cli, pictures)

    said = cli("gallery", "import", archive, "--on-conflict", choice, "--json", environment=SEALED)

    assert people(cli) == expected
    assert cli("people", "undo", str(said.data["change"])).code == 0
    assert people(cli) == {"Anna": 1}


def test_people_made_with_another_model_are_made_known_to_the_one_in_use(cli, archive) -> None:
    said = cli("gallery", "import", archive, environment=SEALED)

    assert "looked at 3 imported pictures anew" in said.out
    assert cli("models", "recapture", "--json").data["people"] == []


def test_a_plain_copy_comes_back_after_everything_was_lost(cli, pictures, tmp_path) -> None:
    enrolled(cli, pictures, ("Anna", "Bruno"))
    cli("gallery", "export", tmp_path / "out.sqlite", "--yes")

    other = tmp_path / "other home"
    shutil.copytree(tmp_path / "home" / "models", other / "models", symlinks=True)
    (other / "settings.toml").write_text('model = "tiny"\nkey_store = "file"\n', encoding="utf-8")
    said = cli("gallery", "import", tmp_path / "out.sqlite", "--json", folder=other)

    assert (said.code, said.data["kind"], said.data["templates_made"]) == (0, "plain_copy", 0)
    assert cli("verify", "Anna", pictures / "anna.png", folder=other).code == 0


def test_folders_of_pictures_become_people(cli, pictures, tmp_path) -> None:
    folder = tmp_path / "people"
    for name, picture in (("Anna", "anna.png"), ("Anna", "nobody.png"), ("Bruno", "bruno.png")):
        (folder / name).mkdir(parents=True, exist_ok=True)
        shutil.copy(pictures / picture, folder / name)

    said = cli("gallery", "import", folder, "--json")

    assert (said.code, said.data["kind"]) == (0, "picture_folders")
    assert people(cli) == {"Anna": 1, "Bruno": 1}
    [refused] = said.data["refused"]
    assert refused["source"].endswith("nobody.png")
    assert cli("verify", "Bruno", pictures / "bruno.png").code == 0


def test_a_damaged_archive_leaves_the_gallery_as_it_was(cli, pictures) -> None:
    enrolled(cli, pictures)
    said = cli("gallery", "import", FORMATS / "archive-duplicate-ids.pfgallery", "--json")
    assert (said.code, said.document["error"]["code"]) == (2, "archive.invalid")
    assert people(cli) == {"Anna": 1}


def test_a_dry_run_makes_no_gallery_where_there_is_none(cli, home, archive) -> None:
    said = cli("gallery", "import", archive, "--dry-run", "--json", environment=SEALED)
    assert [it["verdict"] for it in said.data["people"]] == ["new", "new"]
    assert not (home / "gallery.sqlite").exists()
    assert not (home / "gallery.key").exists()


def test_a_wrong_passphrase_makes_no_empty_gallery(cli, home, archive) -> None:
    wrong = {"POCKETFACE_ARCHIVE_PASSPHRASE": "wrong"}
    said = cli("gallery", "import", archive, "--json", environment=wrong)
    assert (said.code, said.document["error"]["code"]) == (2, "archive.key")
    assert not (home / "gallery.sqlite").exists()


def test_without_anybody_to_ask_a_sealed_archive_stays_sealed(cli, archive, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO())
    said = cli("gallery", "import", archive, "--json")
    assert said.code == 4
    assert "POCKETFACE_ARCHIVE_PASSPHRASE" in said.document["error"]["sentence"]


def test_what_is_nothing_is_told_in_words(cli, pictures) -> None:
    said = cli("gallery", "import", pictures / "anna.png")
    assert said.code == 2
    assert "neither an archive" in said.err
