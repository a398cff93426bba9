import json
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from app.window.export_card import FORMS, ExportCard
from app.window.main_window import EXCHANGE, MainWindow
from tests.app.window.staging import RED, Stage, Until


@pytest.fixture
def card(window: MainWindow, stage: Stage) -> ExportCard:
    stage.enrol("Anna", RED)
    window.go_to(EXCHANGE)
    return window.exchange.export


def choose(card: ExportCard, form: str, *, sealed: bool = False) -> None:
    card.format.setCurrentIndex(
        next(place for place, (_, it, shut) in enumerate(FORMS) if (it, shut) == (form, sealed))
    )


@pytest.mark.parametrize(
    ("form", "words"),
    [("pfgallery", "face templates"), ("sqlite", "face templates"), ("csv", "no templates")],
)
def test_what_lies_in_the_open_is_said_beforehand(card: ExportCard, form: str, words: str) -> None:
    choose(card, form)

    assert "Everybody who can read this file" in card.words.text()
    assert words in card.words.text()
    assert card.words.property("tone") == "caution"
    assert not card.first.isVisible()


def test_a_sealed_archive_wants_the_same_passphrase_twice(card: ExportCard) -> None:
    choose(card, "pfgallery", sealed=True)
    card.go.click()
    assert "Type a passphrase" in card.words.text()
    card.first.setText("one")
    card.second.setText("two")
    card.go.click()

    assert "not the same" in card.words.text()
    assert card.findChildren(QFileDialog) == []


def test_everybody_is_written_and_the_passphrase_forgotten(
    card: ExportCard, window: MainWindow, tmp_path: Path, until: Until
) -> None:
    choose(card, "pfgallery", sealed=True)
    card.first.setText("secret words")
    card.second.setText("secret words")

    card.write(tmp_path / "out.pfgallery")
    until(lambda: "Exported 1 person" in window.notices.words.text())

    written = json.loads((tmp_path / "out.pfgallery").read_text(encoding="utf-8"))
    assert written == {"form": "sealed", "names": ["Anna"]}
    assert card.first.text() == card.second.text() == ""
    assert not card.progress.isVisible()


def test_pictures_may_stay_here(
    card: ExportCard, window: MainWindow, tmp_path: Path, until: Until
) -> None:
    choose(card, "pfgallery")
    card.pictures.click()
    card.write(tmp_path / "out")
    until(lambda: "Exported" in window.notices.words.text())

    written = json.loads((tmp_path / "out").read_text(encoding="utf-8"))
    assert written["form"] == "archive, no pictures"


@pytest.mark.parametrize("form", ["sqlite", "csv", "json"])
def test_each_form_is_written(
    card: ExportCard, window: MainWindow, tmp_path: Path, until: Until, form: str
) -> None:
    choose(card, form)
    card.write(tmp_path / "out")
    until(lambda: "Exported" in window.notices.words.text())

    expected = "plain" if form == "sqlite" else form
    assert json.loads((tmp_path / "out").read_text(encoding="utf-8"))["form"] == expected


def test_a_failure_is_told_and_it_can_be_tried_again(
    card: ExportCard, window: MainWindow, tmp_path: Path, until: Until
) -> None:
    choose(card, "json")
    card.write(tmp_path / "nowhere" / "out")
    until(window.notices.isVisible)

    assert card.go.isEnabled()
