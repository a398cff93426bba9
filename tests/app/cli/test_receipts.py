"""`verify --receipt` and `audit check-receipt`."""

import json
import re
from pathlib import Path

import pytest

from tests.app.cli.lines import enrolled


@pytest.fixture
def receipt(cli, pictures, tmp_path) -> Path:
    """Of an accepted picture, with the picture in it."""
    enrolled(cli, pictures)
    path = tmp_path / "r.json"
    line = ("verify", "Anna", pictures / "anna.png", "--receipt", path, "--with-picture")
    assert cli(*line).code == 0
    return path


def test_a_receipt_says_what_the_decision_rests_on(receipt) -> None:
    told = json.loads(receipt.read_text())["receipt"]

    assert (told["outcome"], told["claim_name"], told["source"]) == ("accepted", "Anna", "anna.png")
    assert told["point"]["non_mated"] > 0
    assert len(told["model"]["sha256"]) == len(told["source_sha256"]) == 64
    assert told["quality"]["UnifiedQualityScore"] > 0
    assert len(told["frames"]) == told["agreeing"] == 1


def test_a_genuine_receipt_is_decided_again(cli, receipt, pictures) -> None:
    said = cli("audit", "check-receipt", receipt, "--json")
    assert said.code == 0
    assert (said.data["genuine"], said.data["signer"]) == (True, "this gallery")
    assert (said.data["follows"], said.data["reproduced"]) == (True, True)

    again = cli("audit", "check-receipt", receipt, pictures / "anna.png", "--json")
    assert (again.code, again.data["reproduced"]) == (0, True)


def test_another_picture_is_not_what_the_receipt_is_about(cli, receipt, pictures) -> None:
    said = cli("audit", "check-receipt", receipt, pictures / "bruno.png")
    assert said.code == 1
    assert "not the file" in said.out


def test_an_altered_receipt_is_a_no(cli, receipt) -> None:
    text = receipt.read_text().replace('"accepted"', '"rejected"')
    receipt.write_text(text)
    said = cli("audit", "check-receipt", receipt, "--json")
    assert (said.code, said.data["genuine"]) == (1, False)


def test_a_receipt_of_another_gallery_needs_its_public_key(cli, receipt, tmp_path) -> None:
    key = cli("audit", "head", "--json").data["public_key"]
    away = tmp_path / "away"
    assert cli("audit", "check-receipt", receipt, folder=away).code == 3
    assert cli("audit", "check-receipt", receipt, "--public-key", "00" * 32, folder=away).code == 3

    said = cli("audit", "check-receipt", receipt, "--public-key", key, "--json", folder=away)

    assert (said.code, said.data["signer"], said.data["reproduced"]) == (0, "the given key", None)
    assert cli("audit", "check-receipt", receipt, "--public-key", "x").code == 2
    assert not (away / "gallery.sqlite").exists()


def test_a_receipt_of_somebody_erased_still_proves_its_signature(cli, receipt) -> None:
    cli("people", "erase", "Anna", "--yes")
    said = cli("audit", "check-receipt", receipt, "--json")
    assert (said.code, said.data["genuine"], said.data["reproduced"]) == (0, True, None)
    assert "enrolled any more" in said.data["notes"][0]


def test_what_is_no_receipt_or_cannot_be_written_is_told(cli, receipt, pictures, tmp_path) -> None:
    assert cli("audit", "check-receipt", pictures / "anna.png").code == 2
    missing = tmp_path / "none" / "r.json"
    assert cli("verify", "Anna", pictures / "anna.png", "--receipt", missing).code == 4
    assert cli("verify", "Anna", pictures / "anna.png", "--with-picture").code == 2


def test_a_kiosk_tells_no_name_and_no_score(cli, home, pictures, tmp_path) -> None:
    enrolled(cli, pictures)
    with (home / "settings.toml").open("a", encoding="utf-8") as file:
        file.write("kiosk = true\naudit_verifications = true\n")
    path = tmp_path / "r.json"

    yes = cli("verify", "Anna", pictures / "anna.png", "--receipt", path)
    no = cli("identify", pictures / "bruno.png")

    assert yes.out.startswith("Accepted.")
    assert no.out.startswith("Not accepted.")
    for said in (yes, no):
        assert not re.search(r"Anna|score|stranger|0\.\d\d", said.out)
    assert json.loads(path.read_text())["receipt"]["claim_name"] == ""
    assert cli("audit", "verify", "--json").data["events"] == 3
