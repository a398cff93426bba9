from datetime import UTC, datetime

import pytest
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


def test_the_note_keeps_the_day_of_the_consent(form: EnrolForm) -> None:
    form.note.setPlainText(" Room 12 ")

    day = datetime.now(UTC).date().isoformat()
    assert form.full_note() == f"Room 12\nConsent given on {day}."


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
