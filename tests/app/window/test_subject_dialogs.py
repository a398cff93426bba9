"""The dialogs alone; test_people_changes drives them in the window."""

from datetime import UTC, date, datetime

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.widgets.look import Look
from app.window.actions import KeptPicture
from app.window.subject_dialogs import SplitDialog, TermsDialog
from core.domain.template import ReferenceId, Subject, SubjectId

ANNA = Subject(
    SubjectId("s"), "Anna", datetime.now(UTC), 2, consent="yes", retain_until=date(2030, 5, 1)
)


@pytest.fixture
def parent(qtbot: QtBot, look: Look) -> QWidget:
    result = QWidget()
    qtbot.addWidget(result)
    result.show()
    return result


def test_not_all_pictures_can_go(parent: QWidget) -> None:
    split: list[tuple[tuple[ReferenceId, ...], str]] = []
    pictures = [KeptPicture(ReferenceId(name), None, name) for name in ("a", "b")]
    dialog = SplitDialog(parent, ANNA, pictures, lambda ids, name: split.append((ids, name)))
    dialog.name.setText("Bea")
    dialog.pictures.selectAll()
    dialog.go.click()
    assert dialog.problem.isVisible()
    assert split == []

    dialog.pictures.item(0).setSelected(False)
    dialog.go.click()

    assert split == [(("b",), "Bea")]


def test_terms_begin_as_they_are_and_the_last_day_can_be_taken_away(parent: QWidget) -> None:
    kept: list[tuple[str, date | None]] = []
    dialog = TermsDialog(parent, ANNA, lambda consent, day: kept.append((consent, day)))
    assert (dialog.consent.text(), dialog.limited.isChecked()) == ("yes", True)

    dialog.limited.setChecked(False)
    dialog.go.click()

    assert kept == [("yes", None)]
