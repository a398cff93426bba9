"""`people merge|split|undo|redo|history`."""

from tests.app.cli.lines import enrolled


def names(cli) -> list[str]:
    return [person["name"] for person in cli("people", "list", "--json").data["people"]]


def test_a_dry_run_says_what_would_happen_and_changes_nothing(cli, pictures) -> None:
    enrolled(cli, pictures, ("Anna", "Bruno"))
    said = cli("people", "merge", "Anna", "Bruno", "--dry-run", "--json")

    assert said.data["done"] is False
    after = {one["after"]["name"]: one["after"] for one in said.data["people"]}
    assert (after["Anna"]["references"], after["Bruno"]["enrolled"]) == (2, False)
    assert names(cli) == ["Anna", "Bruno"]


def test_a_merge_is_taken_apart_again_by_split_and_by_undo(cli, pictures) -> None:
    enrolled(cli, pictures, ("Anna", "Bruno"))
    for command in (("split", "Anna"), ("undo",)):
        said = cli("people", "merge", "anna", "bruno")
        assert "Anna has 2 pictures instead of 1." in said.out
        assert names(cli) == ["Anna"]

        said = cli("people", *command)

        assert "Bruno is enrolled with 1 picture." in said.out
        assert names(cli) == ["Anna", "Bruno"]


def test_named_pictures_go_to_a_new_person(cli, pictures) -> None:
    enrolled(cli, pictures, ("Anna",))
    cli("enrol", "Anna", pictures / "bruno.png", "--add")
    _, second = cli("people", "show", "Anna", "--json").data["references"]

    said = cli("people", "split", "Anna", "Bruno", "--picture", second["reference_id"], "--json")

    assert said.code == 0
    assert {one["after"]["name"]: one["after"]["references"] for one in said.data["people"]} == {
        "Anna": 1,
        "Bruno": 1,
    }
    assert cli("verify", "Bruno", pictures / "bruno.png").code == 0


def test_a_split_without_enough_said_is_told_what_is_missing(cli, pictures) -> None:
    enrolled(cli, pictures, ("Anna",))
    assert "--picture" in cli("people", "split", "Anna", "Bruno").err
    assert "No merge" in cli("people", "split", "Anna").err
    said = cli("people", "split", "Anna", "--picture", "x")
    assert (said.code, "name" in said.err) == (2, True)


def test_the_history_numbers_what_undo_takes(cli, pictures) -> None:
    enrolled(cli, pictures, ("Anna", "Bruno"))
    cli("people", "rename", "Anna", "Bea")
    newest, *_ = cli("people", "history", "--json").data["changes"]
    assert (newest["kind"], newest["names"], newest["can_be_undone"]) == ("renamed", ["Bea"], True)

    assert cli("people", "undo", str(newest["number"]), "--dry-run").code == 0
    assert "Bea" in names(cli)
    assert cli("people", "undo", str(newest["number"])).code == 0

    assert names(cli) == ["Anna", "Bruno"]
    assert "undone" in cli("people", "history").out
    assert cli("people", "redo").code == 0
    assert "Bea" in names(cli)


def test_nothing_to_undo_or_redo_is_usage(cli) -> None:
    for command in ("undo", "redo"):
        said = cli("people", command)
        assert (said.code, "Traceback" in said.err) == (2, False)
