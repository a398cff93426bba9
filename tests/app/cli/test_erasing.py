"""`people erase|terms` and `gallery expire`."""

import json

import pytest

from tests.app.cli.lines import enrolled


def names(cli) -> list[str]:
    return [person["name"] for person in cli("people", "list", "--json").data["people"]]


def test_erasing_asks_and_is_told_from_deleting(cli, pictures, answering) -> None:
    enrolled(cli, pictures)
    answering("no\n")
    said = cli("people", "erase", "Anna")
    assert said.code == 1
    assert "cannot be undone" in said.err
    assert "people delete" in said.err
    assert names(cli) == ["Anna"]


def test_an_erasure_prints_its_certificate_and_cannot_be_undone(cli, pictures, tmp_path) -> None:
    enrolled(cli, pictures)
    cli("people", "rename", "Anna", "Bea")
    said = cli("people", "erase", "Bea", "--yes", "--certificate", tmp_path / "c.json", "--json")

    certificate = said.data["certificate"]
    assert (said.code, certificate["complete"], certificate["references"]) == (0, True, 1)
    assert certificate["journal_entries"] == 2
    assert json.loads((tmp_path / "c.json").read_text()) == [certificate]
    assert "Bea" not in (tmp_path / "c.json").read_text()
    assert cli("people", "undo").code == 2
    head = cli("audit", "head", "--json").data["head"]
    assert head == f"{certificate['audit_entry']}:{certificate['audit_digest']}"


def test_terms_are_noted_at_enrolment_and_changed_later(cli, pictures) -> None:
    line = ("enrol", "Anna", pictures / "anna.png", "--consent", "signed")
    assert cli(*line, "--keep-until", "2999-01-31").code == 0
    person = cli("people", "show", "Anna", "--json").data["person"]
    assert (person["consent"], person["keep_until"]) == ("signed", "2999-01-31")

    said = cli("people", "terms", "Anna", "--keep-until", "never")

    assert "without a last day" in said.out
    assert "Consent: signed" in said.out


@pytest.mark.parametrize(
    "line",
    [
        ("people", "terms", "Anna"),
        ("people", "terms", "Anna", "--keep-until", "31.12.2027"),
        ("enrol", "Bea", "x.png", "--keep-until", "soon"),
        ("enrol", "Anna", "x.png", "--add", "--consent", "yes"),
    ],
)
def test_terms_that_say_nothing_are_usage(cli, pictures, line) -> None:
    enrolled(cli, pictures)
    said = cli(*line)
    assert said.code == 2
    assert names(cli) == ["Anna"]


def test_who_is_due_is_listed_and_erased(cli, pictures, answering) -> None:
    for name, day in (("Anna", "2020-01-01"), ("Bruno", "2999-01-01")):
        cli("enrol", name, pictures / f"{name.lower()}.png", "--keep-until", day)

    said = cli("gallery", "expire", "--dry-run", "--json")
    assert said.data == {"due": [{"name": "Anna", "keep_until": "2020-01-01"}], "certificates": []}
    answering("no\n")
    assert cli("gallery", "expire").code == 1
    assert names(cli) == ["Anna", "Bruno"]

    said = cli("gallery", "expire", "--yes", "--json")

    assert (said.code, len(said.data["certificates"])) == (0, 1)
    assert names(cli) == ["Bruno"]
    assert "Nobody's last day" in cli("gallery", "expire").out
