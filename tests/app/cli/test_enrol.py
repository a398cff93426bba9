"""`enrol`: what is stored, and what is named instead."""

import numpy as np
import pytest
from PIL import Image

from tests.app.cli.lines import enrolled, save


def test_every_usable_picture_becomes_a_reference(cli, pictures) -> None:
    said = cli("enrol", "Anna", pictures / "anna.png", pictures / "anna again.png", "--json")
    assert said.code == 0
    assert said.data["subject"] == "Anna"
    assert [entry["source"] for entry in said.data["taken"]] == ["anna.png", "anna again.png"]
    assert said.data["references"] == 2
    assert cli("people", "list", "--json").data["people"][0]["references"] == 2


def test_each_refusal_is_named_with_its_remedy(cli, pictures) -> None:
    refused = ["nobody.png", "both.png", "words.jpg", "bruno.png"]
    said = cli("enrol", "Anna", pictures / "anna.png", *(pictures / n for n in refused), "--json")
    assert said.code == 0
    found = {entry["source"].rsplit("/", 1)[-1]: entry for entry in said.data["refused"]}
    assert found["nobody.png"]["code"] == "no_face"
    assert found["both.png"]["code"] == "several_faces"
    assert found["words.jpg"]["code"] == "picture.unreadable"
    assert found["bruno.png"]["code"] == "other_person"
    assert all(entry["sentence"].endswith(".") for entry in found.values())


def test_nothing_usable_enrols_nobody(cli, pictures) -> None:
    said = cli("enrol", "Anna", pictures / "nobody.png")
    assert said.code == 3
    assert said.out.startswith("Nobody was enrolled.")
    assert cli("people", "list", "--json").data["people"] == []


def test_nothing_readable_is_unreadable_input(cli, pictures) -> None:
    assert cli("enrol", "Anna", pictures / "words.jpg").code == 2


def test_a_folder_gives_all_its_pictures(cli, pictures, tmp_path) -> None:
    for name in ("1.png", "2.png"):
        (tmp_path / name).write_bytes((pictures / "anna.png").read_bytes())
    said = cli("enrol", "Anna", tmp_path, "--json")
    assert [entry["source"] for entry in said.data["taken"]] == ["1.png", "2.png"]


def test_an_empty_folder_is_unreadable_input(cli, tmp_path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    said = cli("enrol", "Anna", empty, "--json")
    assert said.code == 2
    assert said.document["error"]["code"] == "source.no_pictures"


def test_a_taken_name_is_refused_before_anybody_is_looked_at(cli, pictures) -> None:
    enrolled(cli, pictures)
    said = cli("enrol", "ANNA", pictures / "words.jpg", "--json")
    assert said.code == 2
    assert said.document["error"]["code"] == "subject.exists"


def test_pictures_can_be_added_to_somebody(cli, pictures) -> None:
    enrolled(cli, pictures)
    said = cli("enrol", "anna", pictures / "anna again.png", "--add", "--json")
    assert said.code == 0
    assert said.data["subject"] == "Anna"
    assert said.data["references"] == 2
    assert said.data["resembling"] == []


def test_adding_to_nobody_is_refused(cli, pictures) -> None:
    assert cli("enrol", "Anna", pictures / "anna.png", "--add").code == 2


def test_a_resemblance_to_somebody_enrolled_is_a_warning(cli, pictures) -> None:
    enrolled(cli, pictures)
    said = cli("enrol", "Anne", pictures / "anna.png")
    assert said.code == 0
    assert "resemble Anna" in said.out


@pytest.mark.parametrize("name", ["", "   ", "a\x1b[31m", "x" * 201])
def test_an_impossible_name_is_refused_in_words(cli, pictures, name) -> None:
    said = cli("enrol", "--json", "--", name, pictures / "anna.png")
    assert said.code == 2
    assert said.document["error"]["code"] == "name.invalid"


def test_names_with_a_dash_emoji_and_brackets_are_kept_as_they_are(cli, pictures) -> None:
    name = "-[red]Ann 👩‍🚀"
    assert cli("enrol", "--note", "said yes", "--", name, pictures / "anna.png").code == 0
    shown = cli("people", "list")
    assert name in shown.out
    assert "said yes" in shown.out


def test_a_file_name_that_hides_something_is_shown_openly(cli, pictures, tmp_path) -> None:
    hiding = tmp_path / "a\x1b[31m\u202egnp.png"
    save(hiding, np.full((64, 64, 3), 9, np.uint8))
    said = cli("enrol", "Anna", hiding)
    assert "\x1b" not in said.out
    assert "\\x1b[31m\\u202egnp.png" in said.out


def test_a_recording_without_a_usable_face_stores_nothing(cli, pictures, tmp_path) -> None:
    said = cli("enrol", "Anna", "--source", clip_of(pictures / "nobody.png", tmp_path, 2), "--json")
    assert said.code == 3
    assert said.data["end"] == "source_ended"
    assert said.data["subject"] is None
    assert "Look" not in said.err


def test_a_recording_needs_no_poses(cli, pictures, tmp_path) -> None:
    said = cli("enrol", "Anna", "--source", clip_of(pictures / "anna.png", tmp_path, 3), "--json")
    assert said.code == 0
    assert len(said.data["taken"]) == 3
    assert "Taken: 3 of 5." in said.err


def clip_of(picture, folder, frames: int):
    """A GIF of one picture, two frames a second, none the same as the one before."""
    first = Image.open(picture).convert("RGB")
    shown = []
    for number in range(frames):
        shown.append(first.copy())
        shown[-1].putpixel((number, 0), (255, 0, 0))
    clip = folder / "clip.gif"
    shown[0].save(clip, save_all=True, append_images=shown[1:], duration=500)
    return clip


def test_what_is_kept_of_the_pictures_is_said_in_words(cli, home, pictures) -> None:
    assert "another model needs no new pictures" in cli("enrol", "Anna", pictures / "anna.png").out
    settings = home / "settings.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "keep_crops = false\n", "utf-8")
    assert "No picture is kept" in cli("enrol", "Bruno", pictures / "bruno.png").out
