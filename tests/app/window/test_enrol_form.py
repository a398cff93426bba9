from datetime import UTC, date, datetime

import pytest
from PySide6.QtCore import QDate
from pytestqt.qtbot import QtBot

from app.widgets.look import Look
from app.window.enrol_form import EnrolForm


@pytest.fixture
def form(qtbot: QtBot, look: Look) -> EnrolForm:
    result = EnrolForm()
    qtbot.addWidget(result)
    return result


def test_it_is_complete_with_a_name_and_consent(form: EnrolForm) -> None:
    form.consent.setChecked(True)
    form.name.setText("   ")
    assert not form.complete

    form.name.setText("Anna")
    assert form.complete
    form.consent.setChecked(False)

    assert not form.complete


def test_consent_has_its_day_and_the_person_a_last_day_if_wanted(form: EnrolForm) -> None:
    form.note.setPlainText(" Room 12 ")

    day = datetime.now(UTC).date().isoformat()
    assert form.note_text() == "Room 12"
    assert form.consent_text() == f"Given on {day}."
    assert form.last_day() is None
    form.limited.setChecked(True)
    form.day.setDate(QDate(2030, 2, 28))
    assert form.last_day() == date(2030, 2, 28)
    form.clear()
    assert form.last_day() is None


def test_it_says_whether_pictures_are_kept(form: EnrolForm) -> None:
    form.say_what_is_kept(crops=True)
    kept = form._kept.text()
    form.say_what_is_kept(crops=False)

    assert "cut-out face" in kept
    assert "forgotten" in form._kept.text()


def test_clearing_withdraws_the_consent(form: EnrolForm) -> None:
    form.name.setText("Anna")
    form.consent.setChecked(True)
    form.clear()

    assert not form.complete
