"""`models use|rollback|forget-former|recapture`: the same people under another model."""

import pytest

from tests.app.cli.lines import enrolled


@pytest.fixture
def two_models(cli, pictures, other_pack):
    """Anna and Bruno are enrolled with the model in use; another one is there."""
    enrolled(cli, pictures, ("Anna", "Bruno"))
    assert cli("models", "add", other_pack).code == 0


def in_use(cli) -> str:
    models = cli("models", "list", "--json").data["models"]
    return next(it["name"] for it in models if it["in_use"] and it["role"] == "embedder")


def test_a_dry_run_says_what_would_change_and_changes_nothing(cli, two_models) -> None:
    said = cli("models", "use", "other", "--dry-run", "--json")

    assert (said.code, said.data["switched"]) == (0, False)
    assert (said.data["references"], said.data["present"], said.data["made"]) == (2, 0, 2)
    assert said.data["compared"] == 2
    assert said.data["point"]["threshold"] == 0.97
    assert in_use(cli) == "tiny"


def test_nobody_has_to_be_enrolled_again(cli, pictures, two_models) -> None:
    said = cli("models", "use", "other")

    assert "2 templates were made" in said.out
    assert in_use(cli) == "other"
    assert cli("verify", "Anna", pictures / "anna.png").code == 0
    assert cli("verify", "Anna", pictures / "bruno.png").code == 1


def test_a_picture_that_two_models_know_is_one_picture(cli, two_models) -> None:
    cli("models", "use", "other")

    shown = cli("people", "show", "Anna", "--json").data

    assert [it["models"] for it in shown["references"]] == [["other", "tiny"]]
    assert shown["person"]["references"] == 1
    assert "not installed" not in cli("people", "show", "Anna").out


def test_there_and_back_again_the_scores_are_the_same(cli, pictures, two_models) -> None:
    before = cli("verify", "Anna", pictures / "anna again.png", "--json").data["score"]

    cli("models", "use", "other")
    assert cli("models", "rollback").code == 0

    assert in_use(cli) == "tiny"
    assert cli("verify", "Anna", pictures / "anna again.png", "--json").data["score"] == before


def test_who_was_enrolled_meanwhile_is_known_after_going_back(cli, pictures, two_models) -> None:
    cli("models", "use", "other")
    cli("people", "rename", "Bruno", "Bruno the first")
    assert cli("enrol", "Carl", pictures / "bruno.png").code == 0

    said = cli("models", "rollback", "--json")

    assert said.data["made"] == 1
    assert cli("verify", "Carl", pictures / "bruno.png").code == 0


def test_the_former_model_cannot_be_removed_until_it_is_let_go(cli, two_models) -> None:
    cli("models", "use", "other")
    cli("models", "rollback")

    refused = cli("models", "remove", "other", "--yes", "--json")
    assert (refused.code, refused.document["error"]["code"]) == (2, "pack.in_use")
    said = cli("models", "forget-former", "--yes", "--json")
    assert said.data == {"former": "other", "forgotten": 2}
    assert cli("models", "remove", "other", "--yes").code == 0


def test_letting_go_asks(cli, two_models, answering) -> None:
    cli("models", "use", "other")
    answering("n\n")
    assert cli("models", "forget-former").code == 1
    answering("")
    assert cli("models", "rollback").code == 0


def test_without_a_former_model_there_is_no_way_back(cli) -> None:
    said = cli("models", "rollback", "--json")
    assert said.code == 2


def test_people_without_kept_pictures_are_told_and_asked_about(
    cli, home, pictures, other_pack, answering
) -> None:
    settings = home / "settings.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "keep_crops = false\n", "utf-8")
    enrolled(cli, pictures)
    cli("models", "add", other_pack)

    answering("n\n")
    said = cli("models", "use", "other", "--json")
    assert (said.code, said.data["switched"]) == (1, False)
    assert said.data["recapture"] == [{"name": "Anna", "usable": 0, "references": 1}]
    assert in_use(cli) == "tiny"

    assert cli("models", "use", "other", "--yes").code == 0
    queue = cli("models", "recapture", "--json").data
    assert (queue["model"], [it["name"] for it in queue["people"]]) == ("other", ["Anna"])
    assert cli("verify", "Anna", pictures / "anna.png", "--json").data["reasons"] == [
        "no_references"
    ]
    assert cli("enrol", "Anna", pictures / "anna.png", "--add").code == 0
    assert cli("verify", "Anna", pictures / "anna.png").code == 0


def test_the_change_is_written_into_the_audit(cli, tmp_path, two_models) -> None:
    cli("models", "use", "other")
    cli("gallery", "export", tmp_path / "out.json", "--yes")
    assert '"tiny to other"' in (tmp_path / "out.json").read_text(encoding="utf-8")


def test_where_nobody_is_enrolled_no_gallery_is_made(cli, home, other_pack) -> None:
    cli("models", "add", other_pack)
    assert cli("models", "use", "other").code == 0
    assert not (home / "gallery.sqlite").exists()
