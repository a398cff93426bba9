from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.widgets.elements import (
    ZERO_WIDTH_SPACE,
    EmptyState,
    badge,
    breakable,
    button,
    card,
    column,
    label,
    page_layout,
)
from app.widgets.look import Look


def test_text_from_outside_is_shown_literally(qtbot: QtBot) -> None:
    shown = label("<b>Anna</b> & <img src=x>")
    qtbot.addWidget(shown)

    assert shown.textFormat() == Qt.TextFormat.PlainText
    assert shown.text() == "<b>Anna</b> & <img src=x>"


def test_an_endless_word_can_be_broken_and_others_stay_as_they_are() -> None:
    assert breakable("Anna Winter <b>") == "Anna Winter <b>"
    broken = breakable("x" * 200)
    assert broken.replace(ZERO_WIDTH_SPACE, "") == "x" * 200
    assert max(len(part) for part in broken.split(ZERO_WIDTH_SPACE)) <= 12


def test_a_badge_is_literal_too(qtbot: QtBot) -> None:
    shown = badge("<i>MIT</i>", "good")
    qtbot.addWidget(shown)

    assert shown.textFormat() == Qt.TextFormat.PlainText


def test_a_button_has_an_accessible_name_without_its_mnemonic(qtbot: QtBot) -> None:
    clicks: list[int] = []
    shown = button("&Save", lambda: clicks.append(1))
    qtbot.addWidget(shown)
    shown.click()

    assert shown.accessibleName() == "Save"
    assert clicks == [1]


def test_an_empty_state_says_what_to_do(qtbot: QtBot, look: Look) -> None:
    act = button("Enrol somebody", lambda: None)
    shown = EmptyState(look, "people", "Nobody yet", "Enrol a person.", act)
    qtbot.addWidget(shown)
    shown.show()

    assert act.isVisible()
    texts = {child.text() for child in shown.findChildren(QLabel)}
    assert {"Nobody yet", "Enrol a person."} <= texts


def test_an_empty_state_survives_a_change_of_theme(qtbot: QtBot, look: Look) -> None:
    shown = EmptyState(look, "people", "Nobody yet", "")
    qtbot.addWidget(shown)

    look.set_theme("dark")


def test_a_page_is_named_by_its_title(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    page_layout(page, "People", "Everybody.", card(label("content")))

    assert page.accessibleName() == "People"


def test_items_lie_in_the_order_given(qtbot: QtBot) -> None:
    first, last = label("a"), label("b")
    holder = QWidget()
    qtbot.addWidget(holder)
    holder.setLayout(column(first, 1, last))
    holder.resize(100, 200)
    holder.show()

    assert first.y() < last.y()
