import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app.widgets.look import Look
from app.widgets.style import SHEET


def test_the_focus_can_be_seen(qtbot: QtBot, look: Look) -> None:
    """A button with the focus is painted otherwise than one without."""
    button = QPushButton("Save")
    button.resize(120, 40)
    qtbot.addWidget(button)
    button.show()
    qtbot.waitExposed(button)
    button.activateWindow()
    qtbot.waitUntil(button.isActiveWindow, timeout=10_000)
    button.clearFocus()
    without = button.grab().toImage()
    button.setFocus()
    assert button.hasFocus()

    assert button.grab().toImage() != without


@pytest.mark.parametrize("control", ["QPushButton", "QLineEdit", "QCheckBox", "QTableView"])
def test_every_kind_of_control_says_how_it_shows_the_focus(control: str) -> None:
    assert f"{control}:focus" in SHEET
