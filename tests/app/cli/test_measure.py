"""`models measure`: thresholds for an added model."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from app.cli.specimen import specimen
from core.attempts import measuring
from core.opencv import cv2
from core.vision.packs import load_card
from tests.app.cli.lines import Said, save

PEOPLE, EXPOSURES = 4, (0.85, 0.95, 1.0, 1.05)
USED = PEOPLE * 2 * len(EXPOSURES)  # two faces of each person
FACTS = ("--name", "bare", "--colour", "rgb", "--mean", "127.5", "--std", "127.5")


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder a person: four people, two faces each, under four lights; and what is no use."""
    root = tmp_path_factory.mktemp("people")
    for person in range(PEOPLE):
        folder = root / f"person {person}"
        folder.mkdir()
        for picture in range(2):
            for gain in EXPOSURES:
                lit = cv2.convertScaleAbs(specimen(person, picture).pixels, alpha=gain)
                save(folder / f"{picture} {gain}.png", lit)
    save(root / "person 0" / "nobody.png", np.full((240, 320, 3), 128, np.uint8))
    (root / "person 1" / "words.jpg").write_text("no picture", encoding="utf-8")
    (root / "nobody").mkdir()
    (root / ".hidden").mkdir()
    return root


@pytest.fixture
def bare(cli, tiny_pack: Path) -> str:
    assert cli("models", "add", tiny_pack / "model.onnx", *FACTS).code == 0
    return "bare"


def sentence(said: Said) -> str:
    return said.document["error"]["sentence"]


def test_an_unmeasured_model_decides_once_it_is_measured(cli, bare, people, home) -> None:
    refused = cli("models", "use", bare, "--json")
    assert refused.code == 2
    assert "pocketface models measure bare FOLDER" in sentence(refused)

    said = cli("models", "measure", bare, people, "--json")

    assert said.code == 0
    assert f"of {PEOPLE} people" in said.err
    data = said.data
    assert (data["pictures"], data["people"]) == (USED, PEOPLE)
    assert data["left_out"] == {"no_face": 1, "picture.unreadable": 1}
    assert (data["mated"], data["non_mated"]) == (112, 384)
    (point,) = data["model"]["operating_points"]
    assert (point["target_fmr"], point["false_matches"]) == (1e-2, 3)
    assert point["measured_on"].startswith("32 pictures of 4 people, measured on this machine on ")
    card = load_card((home / "models" / bare / "card.toml").read_bytes(), bare)
    assert [entry.threshold for entry in card.operating_points] == [point["threshold"]]

    picture = people / "person 0" / "0 1.0.png"
    assert cli("compare", picture, picture, "--model", bare, "--fmr", "0.01").code == 0
    too_strict = cli("models", "use", bare, "--json")
    assert "measured down to an FMR of 0.01" in sentence(too_strict)


def test_people_read_what_was_left_out_and_what_is_missing(cli, bare, people) -> None:
    said = cli("models", "measure", bare, people)

    for words in ("3 of 384", "No face is in view", "It cannot be read.", "--fmr 0.01", "3,000"):
        assert words in said.out


def test_too_few_pictures_are_counted_before_any_is_looked_at(cli, bare, people, tmp_path) -> None:
    for person in ("person 2", "person 3"):
        shutil.copytree(people / person, tmp_path / "few" / person)

    said = cli("models", "measure", bare, tmp_path / "few", "--json")

    assert said.code == 2
    assert "56 comparisons of the same person and 64 of different people" in sentence(said)
    assert "300" in sentence(said)


def test_pictures_that_cannot_be_used_do_not_count(cli, bare, tmp_path) -> None:
    for person in range(2):
        folder = tmp_path / "words" / str(person)
        folder.mkdir(parents=True)
        for number in range(18):
            (folder / f"{number}.jpg").write_text("no picture", encoding="utf-8")

    said = cli("models", "measure", bare, tmp_path / "words", "--json")

    assert said.code == 2
    assert "36 more could not be used" in sentence(said)


def test_too_many_pictures_are_refused(cli, bare, people, monkeypatch) -> None:
    monkeypatch.setattr(measuring, "MAX_PICTURES", 10)

    said = cli("models", "measure", bare, people, "--json")

    assert said.code == 2
    assert "at most 10" in sentence(said)


def test_a_built_in_model_is_not_measured_again(cli, people) -> None:
    said = cli("models", "measure", "yunet", people, "--json")
    assert said.code == 2
    assert "measured already" in sentence(said)


def test_a_folder_or_model_that_is_not_there_is_a_usage_fault(cli, bare, people) -> None:
    assert cli("models", "measure", "nothing", people).code == 2
    assert "cannot be read" in sentence(cli("models", "measure", bare, people / "no", "--json"))


def test_one_picture_under_every_name_is_told(cli, bare, people, tmp_path) -> None:
    picture = people / "person 0" / "0 1.0.png"
    for person in range(2):
        folder = tmp_path / "same" / str(person)
        folder.mkdir(parents=True)
        for number in range(18):
            shutil.copy(picture, folder / f"{number}.png")

    said = cli("models", "measure", bare, tmp_path / "same", "--json")

    assert said.code == 2
    assert "the folders of two people" in sentence(said)
