"""What a history without entries, or with a failure, says; test_people_changes drives the rest."""

from app.window.history_dialog import HistoryDialog
from app.window.main_window import PEOPLE, MainWindow
from tests.app.window.staging import RED, Stage, Until


def test_an_empty_history_says_so(window: MainWindow, until: Until) -> None:
    window.go_to(PEOPLE)
    window.people.changes.show_history()
    [dialog] = window.people.findChildren(HistoryDialog)

    until(lambda: "Nothing was changed" in dialog.words.text())
    dialog.reject()


def test_a_change_under_a_later_one_cannot_be_undone_and_says_why(
    window: MainWindow, stage: Stage, until: Until
) -> None:
    anna = stage.enrol("Anna", RED).subject_id
    stage.gallery.rename(anna, "Bea")
    window.go_to(PEOPLE)
    window.people.changes.show_history()
    [dialog] = window.people.findChildren(HistoryDialog)
    until(lambda: dialog.list.count() == 2)

    dialog.list.setCurrentRow(1)

    until(lambda: "came later" in dialog.words.text())
    assert not dialog.undo.isEnabled()
    dialog.reject()
