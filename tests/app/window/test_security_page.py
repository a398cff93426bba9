import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog, QLabel

from app.window.asking import Question
from app.window.main_window import SECURITY, MainWindow
from app.window.passphrase import PassphraseDialog
from app.window.security_page import SecurityPage
from core.domain.event import EventKind
from tests.app.window.staging import RED, Stage, Until
from tests.fakes.captures import make_capture
from tests.fakes.keys import MemoryKeys


@pytest.fixture
def page(window: MainWindow) -> SecurityPage:
    window.go_to(SECURITY)
    return window.security


@pytest.fixture
def keys(stage: Stage) -> MemoryKeys:
    assert isinstance(stage.services.store.keys, MemoryKeys)
    return stage.services.store.keys


def open_dialog(page: SecurityPage, kind: type[QDialog], until: Until) -> QDialog:
    until(lambda: any(one.isVisible() for one in page.findChildren(kind)))
    return next(one for one in page.findChildren(kind) if one.isVisible())


def test_it_says_where_the_key_lies_and_offers_the_other_places(page: SecurityPage) -> None:
    assert page.place.text() == "It lies in the system key ring."
    assert not page.keyring.isVisible()
    assert page.file.isVisible()


def test_a_new_passphrase_is_typed_twice_and_used(
    page: SecurityPage, keys: MemoryKeys, until: Until
) -> None:
    page.passphrase.click()
    dialog = open_dialog(page, PassphraseDialog, until)
    dialog.first.setText("correct horse")
    dialog.second.setText("correct horse")
    dialog._open.click()

    until(lambda: keys.home == "passphrase")
    until(lambda: "passphrase" in page.place.text())
    assert keys.passphrases == ["correct horse"]
    assert page.passphrase.text() == "Change the passphrase"
    assert page.keyring.isVisible()


def test_a_key_file_is_asked_about_and_its_notice_stays_in_view(
    page: SecurityPage, window: MainWindow, keys: MemoryKeys, until: Until
) -> None:
    page.file.click()
    open_dialog(page, Question, until).go.click()

    until(lambda: keys.home == "file")
    until(window.rail._below.isVisible)
    assert "lies in a file" in window.rail._below.accessibleDescription()
    page.keyring.click()
    until(lambda: keys.home == "keyring")
    until(lambda: not window.rail._below.isVisible())


def test_all_keys_are_renewed_once_confirmed(
    page: SecurityPage, window: MainWindow, keys: MemoryKeys, until: Until
) -> None:
    page.renew.click()
    open_dialog(page, Question, until).go.click()

    until(lambda: len(keys.wishes) == 1)
    assert keys.wishes[0].renew
    until(lambda: "own key was wrapped anew" in window.notices.words.text())


def test_the_audit_is_checked_and_saved(
    page: SecurityPage, stage: Stage, until: Until, tmp_path: Path
) -> None:
    stage.services.store.ledger.note(EventKind.MODEL_CHANGED, detail="a to b")
    page.check_audit()
    until(lambda: "1 event is as it was written" in page.report.text())

    page.save_audit(tmp_path / "audit.jsonl")

    until((tmp_path / "audit.jsonl").exists)
    assert json.loads((tmp_path / "audit.jsonl").read_text())["detail"] == "a to b"


def test_people_whose_last_day_is_over_are_named_and_erased_once_confirmed(
    page: SecurityPage, stage: Stage, until: Until
) -> None:
    stage.enrol("Ben", RED)
    yesterday = date.today() - timedelta(days=2)  # noqa: DTZ011 - two days: in any zone
    stage.gallery.enrol("Anna", [make_capture()], retain_until=yesterday)
    page.enter()
    until(lambda: "Anna" in page.due.text())
    page.erase.click()
    question = open_dialog(page, Question, until)
    assert "Anna" in "\n".join(one.text() for one in question.findChildren(QLabel))

    question.go.click()

    until(lambda: [one.name for one in stage.gallery.subjects()] == ["Ben"])
    until(lambda: page.due.text() == "Nobody's last day is over.")
