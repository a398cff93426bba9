import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.widgets.look import Look
from app.window.asking import MOST_SENTENCES, Question


@pytest.fixture
def parent(qtbot: QtBot, look: Look) -> QWidget:
    result = QWidget()
    qtbot.addWidget(result)
    result.show()
    return result


def test_only_a_clear_yes_does_it(parent: QWidget, qtbot: QtBot) -> None:
    done: list[str] = []
    first = Question(parent, "Really?", ["It goes."], ("Do it", lambda: done.append("first")))
    qtbot.keyClick(first, Qt.Key.Key_Escape)
    assert done == []

    second = Question(parent, "Really?", ["It goes."], ("Do it", lambda: done.append("second")))
    qtbot.keyClick(second, Qt.Key.Key_Return)

    assert done == ["second"]


def test_return_is_the_way_out_of_what_cannot_be_taken_back(parent: QWidget, qtbot: QtBot) -> None:
    done: list[str] = []
    act = ("Erase", lambda: done.append("erased"))
    question = Question(parent, "Erase?", ["For good."], act, danger=True)

    qtbot.keyClick(question, Qt.Key.Key_Return)

    assert done == []


def test_names_are_shown_literally_and_long_lists_are_counted(parent: QWidget) -> None:
    sentences = [f"<b>{number}</b>" for number in range(MOST_SENTENCES + 3)]
    question = Question(parent, "Erase?", sentences, ("Erase", lambda: None))

    assert question.words[0].textFormat() == Qt.TextFormat.PlainText
    assert question.words[-1].text() == "And 3 more."
    question.reject()
