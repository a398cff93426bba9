from collections.abc import Callable
from datetime import date

import pytest
from PySide6.QtWidgets import QDialog, QLabel

from app.window.asking import Question
from app.window.history_dialog import HistoryDialog
from app.window.main_window import PEOPLE, MainWindow
from app.window.people_page import PeoplePage
from app.window.subject_dialogs import SplitDialog, TermsDialog
from tests.app.window.staging import BLUE, RED, Stage, Until

Dialog = Callable[[type[QDialog]], QDialog]


@pytest.fixture
def page(window: MainWindow, stage: Stage, until: Until) -> PeoplePage:
    """Anna with two pictures and Ben with two, in view."""
    stage.enrol("Anna", RED)
    stage.enrol("Ben", BLUE)
    window.go_to(PEOPLE)
    until(lambda: len(window.people.model.people) == 2)
    return window.people


@pytest.fixture
def dialog(page: PeoplePage, until: Until) -> Dialog:
    """Waits for the one open dialog of a kind."""

    def find(kind: type[QDialog]) -> QDialog:
        until(lambda: any(one.isVisible() for one in page.findChildren(kind)))
        return next(one for one in page.findChildren(kind) if one.isVisible())

    return find


def names(stage: Stage) -> list[str]:
    return [subject.name for subject in stage.gallery.subjects()]


def select(page: PeoplePage, *rows: int) -> None:
    page.table.clearSelection()
    page._select({page.model.person(row).subject.subject_id for row in rows})


def words(dialog: QDialog) -> str:
    return "\n".join(one.text() for one in dialog.findChildren(QLabel))


def test_what_is_offered_fits_how_many_are_selected(page: PeoplePage) -> None:
    changes = page.changes
    page.table.clearSelection()
    page._update()
    assert not any(one.isEnabled() for one in (changes.merge, changes.split, changes.erase))
    select(page, 0)
    assert (changes.merge.isEnabled(), changes.split.isEnabled()) == (False, True)
    select(page, 0, 1)
    assert (changes.merge.isEnabled(), changes.split.isEnabled()) == (True, False)
    assert changes.history.isEnabled()


def test_merging_says_what_it_would_do_and_can_be_undone(
    page: PeoplePage, window: MainWindow, stage: Stage, dialog: Dialog, until: Until
) -> None:
    select(page, 0, 1)
    page.changes.merge.trigger()
    question = dialog(Question)
    assert "4 pictures instead of 2" in words(question)
    assert names(stage) == ["Anna", "Ben"]

    question.go.click()
    until(lambda: len(names(stage)) == 1)
    until(lambda: "4 pictures" in window.notices.words.text())
    page.changes.undo.trigger()

    until(lambda: names(stage) == ["Anna", "Ben"])


def test_a_wrong_merge_is_taken_apart(
    page: PeoplePage, stage: Stage, dialog: Dialog, until: Until
) -> None:
    anna, ben = (person.subject.subject_id for person in page.model.people)
    stage.gallery.merge(anna, ben)
    page.reload()
    until(lambda: len(page.model.people) == 1)
    select(page, 0)
    page.changes.split.trigger()
    question = dialog(Question)
    assert "Ben is enrolled with 2 pictures" in words(question)

    question.go.click()

    until(lambda: names(stage) == ["Anna", "Ben"])


def test_pictures_of_somebody_else_go_to_a_new_person(
    page: PeoplePage, stage: Stage, dialog: Dialog, until: Until
) -> None:
    select(page, 0)
    page.changes.split.trigger()
    split = dialog(SplitDialog)
    split.go.click()
    assert "some of the pictures" in split.problem.text()
    split.pictures.item(0).setSelected(True)
    split.go.click()
    assert "name of the other person" in split.problem.text()
    split.name.setText("Cleo")
    split.go.click()

    until(lambda: names(stage) == ["Anna", "Ben", "Cleo"])
    assert stage.gallery.find("Cleo").references == 1


def test_consent_and_last_day_are_edited(
    page: PeoplePage, stage: Stage, dialog: Dialog, until: Until
) -> None:
    select(page, 0)
    page.changes.terms.trigger()
    terms = dialog(TermsDialog)
    assert not terms.day.isEnabled()
    terms.consent.setText("by mail")
    terms.limited.setChecked(True)
    terms.day.setDate(date(2031, 2, 3))
    terms.go.click()

    until(lambda: stage.gallery.find("Anna").consent == "by mail")
    assert stage.gallery.find("Anna").retain_until == date(2031, 2, 3)


def test_erasing_is_asked_about_with_the_way_out_in_focus_and_is_final(
    page: PeoplePage, window: MainWindow, stage: Stage, dialog: Dialog, until: Until
) -> None:
    select(page, 0)
    page.changes.erase.trigger()
    question = dialog(Question)
    assert "cannot be undone" in words(question)
    assert question.back.isDefault()
    question.back.click()
    assert names(stage) == ["Anna", "Ben"]

    page.changes.erase.trigger()
    dialog(Question).go.click()

    until(lambda: names(stage) == ["Ben"])
    until(lambda: "Destroyed: the key, 2 references" in window.notices.words.text())
    page.changes.undo.trigger()
    until(lambda: names(stage) == [])  # the undo took Ben's enrolment back, not Anna's erasure
    page.changes.redo.trigger()
    until(lambda: names(stage) == ["Ben"])


def test_the_history_shows_what_undoing_would_do_and_undoes_it(
    page: PeoplePage, stage: Stage, dialog: Dialog, until: Until
) -> None:
    stage.gallery.rename(page.model.people[0].subject.subject_id, "Bea")
    page.changes.history.trigger()
    history = dialog(HistoryDialog)
    until(lambda: history.list.count() == 3)
    assert "Renamed Bea" in history.list.item(0).text()

    history.list.setCurrentRow(0)
    until(history.undo.isEnabled)
    assert "Bea is called Anna" in history.words.text()
    history.undo.click()

    until(lambda: "Anna" in names(stage))
    until(lambda: history.list.count() == 3 and "(undone)" in history.list.item(0).text())
    history.list.setCurrentRow(0)
    until(lambda: "This was undone" in history.words.text())
    assert not history.undo.isEnabled()
    history.redo.click()
    until(lambda: "Bea" in names(stage))
    history.redo.click()
    until(lambda: "nothing was undone" in history.words.text())
    history.reject()
