from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.widgets.look import Look
from app.widgets.rail import Rail

PAGES = (("Verify", "verify"), ("Enrol", "enrol"), ("People", "people"))


def make(qtbot: QtBot, look: Look, notice: str = "") -> Rail:
    rail = Rail(look, PAGES, notice)
    qtbot.addWidget(rail)
    rail.show()
    rail.activateWindow()
    qtbot.waitUntil(rail.isActiveWindow, timeout=10_000)
    return rail


def test_a_page_is_chosen_by_its_shortcut(qtbot: QtBot, look: Look) -> None:
    rail = make(qtbot, look)
    chosen: list[int] = []
    rail.chosen.connect(chosen.append)

    qtbot.keyClick(rail, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(rail, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)

    assert chosen == [2, 0]


def test_a_page_is_chosen_by_arrow_keys(qtbot: QtBot, look: Look) -> None:
    rail = make(qtbot, look)
    chosen: list[int] = []
    rail.chosen.connect(chosen.append)
    rail.button(0).setFocus()
    qtbot.keyClick(rail.button(0), Qt.Key.Key_Space)
    qtbot.keyClick(rail.button(0), Qt.Key.Key_Down)
    assert rail.button(1).hasFocus()
    qtbot.keyClick(rail.button(1), Qt.Key.Key_Space)

    assert chosen[-1] == 1


def test_one_page_is_marked_at_a_time(qtbot: QtBot, look: Look) -> None:
    rail = make(qtbot, look)
    rail.show_chosen(0)
    rail.show_chosen(2)

    assert [rail.button(index).isChecked() for index in range(3)] == [False, False, True]


def test_a_permanent_notice_is_there_only_where_there_is_one(qtbot: QtBot, look: Look) -> None:
    assert not make(qtbot, look)._notice.isVisible()

    assert make(qtbot, look, "The key lies in a file.")._notice.isVisible()
