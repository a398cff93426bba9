"""`verify` and `identify`: the answer, its exit code and its document."""

import pytest

from tests.app.cli.lines import enrolled


def test_the_person_of_the_reference_is_a_yes(cli, pictures) -> None:
    enrolled(cli, pictures)
    said = cli("verify", "Anna", pictures / "anna.png")
    assert said.code == 0
    assert said.out.startswith("Verified as Anna.")
    assert "1 stranger in" in said.out


def test_somebody_else_is_a_no_with_score_and_threshold(cli, pictures) -> None:
    enrolled(cli, pictures)
    said = cli("verify", "anna", pictures / "bruno.png", "--json")
    assert said.code == 1
    assert said.data["outcome"] == "rejected"
    assert said.data["score"] < said.data["threshold"] == 0.97
    assert said.data["stated_rate"] is None
    assert said.data["reasons"] == ["below_threshold"]


@pytest.mark.parametrize(
    ("picture", "reason"), [("nobody.png", "no_face"), ("dark.png", "poor_quality")]
)
def test_an_unusable_picture_is_no_decision_with_advice(cli, pictures, picture, reason) -> None:
    enrolled(cli, pictures)
    said = cli("verify", "Anna", pictures / picture, "--json")
    assert said.code == 3
    assert said.document["ok"] is True
    assert said.data["outcome"] == "inconclusive"
    assert said.data["reasons"][0] == reason
    assert said.data["advice"]


def test_several_faces_are_told_on_a_yes_too(cli, pictures) -> None:
    enrolled(cli, pictures)
    said = cli("verify", "Anna", pictures / "both.png", "--json")
    assert said.code in {0, 1}
    assert said.data["faces_in_view"] == 2
    assert "2 faces were in view" in said.data["explanation"]


def test_a_picture_on_its_side_is_turned_and_it_is_said(cli, pictures) -> None:
    enrolled(cli, pictures)
    said = cli("verify", "Anna", pictures / "sideways.png", "--json")
    assert said.code == 0
    assert any("turned upright" in note for note in said.data["notes"])


def test_a_name_that_nobody_has_is_never_a_no(cli, pictures) -> None:
    said = cli("verify", "Anna", pictures / "anna.png", "--json")
    assert said.code == 2
    assert said.document["error"]["code"] == "subject.unknown"


def test_an_unreadable_picture_is_named(cli, pictures) -> None:
    enrolled(cli, pictures)
    said = cli("verify", "Anna", pictures / "words.jpg", "--json")
    assert said.code == 2
    assert said.document["error"]["code"] == "picture.unreadable"
    assert "words.jpg" in said.document["error"]["sentence"]


def test_picture_and_source_together_are_refused(cli, pictures) -> None:
    assert cli("verify", "Anna", pictures / "anna.png", "--source", "0").code == 2


def test_a_folder_as_source_is_judged_over_several_frames(cli, pictures, tmp_path) -> None:
    enrolled(cli, pictures)
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.png").write_bytes((pictures / "anna.png").read_bytes())
    said = cli("verify", "Anna", "--source", folder, "--json")
    assert said.code == 0
    assert (said.data["agreeing"], said.data["needed"]) == (3, 3)
    assert len(said.data["evidence"]) == 3


def test_a_camera_that_is_not_there_is_a_fault(cli, pictures) -> None:
    enrolled(cli, pictures)
    said = cli("verify", "Anna", "--source", "77", "--json")
    assert said.code == 4
    assert said.document["error"]["code"] == "camera.missing"


def test_identification_names_the_person(cli, pictures) -> None:
    enrolled(cli, pictures, ("Anna", "Bruno"))
    said = cli("identify", pictures / "bruno.png", "--json")
    assert said.code == 0
    assert said.data["subject"] == "Bruno"
    assert said.data["claim"] is None
    assert said.data["comparisons"] == 2


def test_identification_knows_strangers(cli, pictures) -> None:
    enrolled(cli, pictures, ("Bruno",))
    said = cli("identify", pictures / "anna.png")
    assert said.code == 1
    assert said.out.startswith("Unknown person.")


def test_an_empty_gallery_gives_no_decision(cli, pictures) -> None:
    said = cli("identify", pictures / "anna.png", "--json")
    assert said.code == 3
    assert said.data["reasons"] == ["no_references"]


def test_a_rate_beyond_the_measurements_is_refused(cli, pictures) -> None:
    enrolled(cli, pictures)
    said = cli("--fmr", "1e-6", "verify", "Anna", pictures / "anna.png")
    assert said.code == 2
    assert "0.0001" in said.err


def test_a_stricter_rate_raises_the_threshold(cli, pictures) -> None:
    enrolled(cli, pictures)
    said = cli("verify", "Anna", pictures / "anna.png", "--json", "--fmr", "1e-4")
    assert said.data["threshold"] == 0.995
