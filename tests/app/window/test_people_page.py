import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app.window.main_window import ENROL, PEOPLE, VERIFY, MainWindow
from app.window.people_page import PeoplePage
from tests.app.window.staging import BLUE, RED, Stage, Until


@pytest.fixture
def page(window: MainWindow, stage: Stage, until: Until) -> PeoplePage:
    stage.enrol("Anna", RED, note="Room 12")
    stage.enrol("Ben", BLUE)
    window.go_to(PEOPLE)
    until(lambda: len(window.people.model.people) == 2)
    return window.people


def select(page: PeoplePage, *rows: int) -> None:
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    page.table.clearSelection()
    for row in rows:
        index = page.filter.index(row, 0)
        page.table.selectionModel().select(index, flags)
        still = QItemSelectionModel.SelectionFlag.NoUpdate
        page.table.selectionModel().setCurrentIndex(index, still)


def names(stage: Stage) -> list[str]:
    return [subject.name for subject in stage.gallery.subjects()]


def test_everybody_is_listed_with_a_picture(page: PeoplePage) -> None:
    row = [page.filter.index(0, column).data() for column in range(4)]

    assert row[0] == "Anna"
    assert row[1] == "2"
    assert row[3] == "Room 12"
    assert page.filter.index(0, 0).data(Qt.ItemDataRole.DecorationRole) is not None


def test_search_looks_into_names_and_notes_whatever_their_case(
    page: PeoplePage, qtbot: QtBot
) -> None:
    qtbot.keyClick(page.table, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert page.search.hasFocus()
    qtbot.keyClicks(page.search, "room")

    assert page.filter.rowCount() == 1
    assert page.filter.index(0, 0).data() == "Anna"
    page.search.setText("BEN")
    assert page.filter.index(0, 0).data() == "Ben"
    page.search.setText("nobody")
    assert not page.table.isVisible()


def test_a_person_is_renamed_in_place_by_keyboard(
    page: PeoplePage, stage: Stage, qtbot: QtBot, until: Until
) -> None:
    select(page, 0)
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_F2)
    editor = page.table.findChild(QLineEdit)
    editor.setText("  Änna  ")
    qtbot.keyClick(editor, Qt.Key.Key_Return)

    until(lambda: names(stage) == ["Ben", "Änna"])
    until(lambda: page.filter.index(1, 0).data() == "Änna")


def test_a_name_that_is_taken_is_refused_in_words(
    page: PeoplePage, window: MainWindow, stage: Stage, until: Until
) -> None:
    page.model.setData(page.model.index(0, 0), "ben")
    until(window.notices.isVisible)

    assert "already enrolled" in window.notices.words.text()
    assert names(stage) == ["Anna", "Ben"]


def test_a_deletion_can_be_undone_by_keyboard(
    page: PeoplePage, window: MainWindow, stage: Stage, qtbot: QtBot, until: Until
) -> None:
    select(page, 0)
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    until(lambda: names(stage) == ["Ben"])
    until(window.notices.isVisible)

    qtbot.keyClick(page.table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)

    until(lambda: names(stage) == ["Anna", "Ben"])
    until(lambda: len(page.model.people) == 2)


def test_several_people_are_deleted_and_restored_together(
    page: PeoplePage, window: MainWindow, stage: Stage, until: Until
) -> None:
    select(page, 0, 1)
    page.delete.click()
    until(lambda: names(stage) == [] and window.notices.isVisible())
    assert "2 people" in window.notices.words.text()

    window.notices.act_button.click()

    until(lambda: names(stage) == ["Anna", "Ben"])


def test_a_deletion_can_be_undone_long_after_its_notice(
    page: PeoplePage, window: MainWindow, stage: Stage, qtbot: QtBot, until: Until
) -> None:
    for left in (["Ben"], []):
        select(page, 0)
        page.delete.click()
        until(lambda: names(stage) == left and len(page.model.people) == len(left))  # noqa: B023 - waits at once
    window.notices.dismiss()
    window.go_to(VERIFY)
    window.go_to(PEOPLE)

    for back in (["Ben"], ["Anna", "Ben"]):
        qtbot.keyClick(page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        until(lambda: names(stage) == back)  # noqa: B023 - waits at once


def test_closing_the_window_keeps_what_can_be_undone(
    page: PeoplePage, window: MainWindow, stage: Stage, until: Until
) -> None:
    select(page, 0)
    page.delete.click()
    until(lambda: names(stage) == ["Ben"] and window.notices.isVisible())

    window.close()

    assert stage.gallery.closed
    stage.gallery.undo()
    assert names(stage) == ["Anna", "Ben"]


def test_return_on_a_person_leads_to_their_verification(
    page: PeoplePage, window: MainWindow, qtbot: QtBot, until: Until
) -> None:
    window.verify.reload()
    until(lambda: window.verify.chooser.count() == 3)
    select(page, 1)
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_Return)

    assert window.rail.button(VERIFY).isChecked()
    assert window.verify.chooser.currentText() == "Ben"


def test_an_empty_gallery_leads_to_enrolment(window: MainWindow, until: Until) -> None:
    window.go_to(PEOPLE)
    until(window.people._enrol.isVisible)

    window.people._enrol.click()

    assert window.rail.button(ENROL).isChecked()
