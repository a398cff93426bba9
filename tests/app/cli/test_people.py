"""`people`: list, show, rename, delete."""

from tests.app.cli.lines import enrolled


def test_an_empty_gallery_says_how_to_begin(cli) -> None:
    said = cli("people", "list")
    assert said.code == 0
    assert "pocketface enrol" in said.out


def test_a_person_is_shown_with_the_references(cli, pictures) -> None:
    enrolled(cli, pictures)
    said = cli("people", "show", "ANNA", "--json")
    assert said.data["person"]["name"] == "Anna"
    (reference,) = said.data["references"]
    assert (reference["source"], reference["model"]) == ("anna.png", "tiny")
    assert "2" in cli("people", "show", "anna").out


def test_a_note_is_shown_and_references_of_absent_models_are_counted(cli, pictures, home) -> None:
    cli("enrol", "Anna", pictures / "anna.png", "--note", "agreed on paper")
    (home / "models" / "tiny").unlink()
    said = cli("people", "show", "Anna")
    assert said.code == 0
    assert "Note: agreed on paper" in said.out
    assert "1 more is known only to models that are not installed" in said.out


def test_no_document_holds_a_template(cli, pictures) -> None:
    enrolled(cli, pictures)
    assert "vector" not in cli("people", "show", "Anna", "--json").out


def test_renaming_keeps_the_references(cli, pictures) -> None:
    enrolled(cli, pictures)
    assert cli("people", "rename", "Anna", "Anna Bell").code == 0
    assert cli("verify", "anna bell", pictures / "anna.png").code == 0
    assert cli("people", "show", "Anna").code == 2


def test_renaming_onto_somebody_else_is_refused(cli, pictures) -> None:
    enrolled(cli, pictures, ("Anna", "Bruno"))
    said = cli("people", "rename", "Anna", "bruno", "--json")
    assert said.code == 2
    assert said.document["error"]["code"] == "subject.exists"
    assert len(cli("people", "list", "--json").data["people"]) == 2


def test_deleting_asks_and_a_no_keeps_everything(cli, pictures, answering) -> None:
    enrolled(cli, pictures)
    answering("\n")
    said = cli("people", "delete", "Anna")
    assert said.code == 1
    assert "people undo" in said.err
    assert len(cli("people", "list", "--json").data["people"]) == 1


def test_deleting_after_a_yes_can_be_undone(cli, pictures, answering) -> None:
    enrolled(cli, pictures)
    answering("yes\n")
    assert cli("people", "delete", "Anna").code == 0
    assert cli("people", "list", "--json").data["people"] == []
    assert cli("people", "undo").code == 0
    assert len(cli("people", "list", "--json").data["people"]) == 1


def test_a_script_must_say_yes(cli, pictures) -> None:
    enrolled(cli, pictures)
    said = cli("people", "delete", "Anna")
    assert said.code == 2
    assert "--yes" in said.err
    assert cli("people", "delete", "Anna", "--yes").code == 0


def test_a_key_file_is_noticed_on_stderr(cli) -> None:
    assert "Notice: " in cli("people", "list", "--json").err
