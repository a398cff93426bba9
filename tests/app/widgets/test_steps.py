from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from app.widgets.look import Look
from app.widgets.steps import Steps
from app.widgets.theme import LIGHT


def green(steps: Steps) -> int:
    image = steps.grab().toImage()
    points = [(x, y) for x in range(image.width()) for y in range(image.height())]
    return sum(image.pixelColor(*point) == QColor(LIGHT.good) for point in points)


def test_done_steps_are_painted_and_counted_in_words(qtbot: QtBot, look: Look) -> None:
    steps = Steps(look, "Captures")
    qtbot.addWidget(steps)
    steps.resize(300, steps.height())
    steps.show_steps(["Straight", "Left", "Right"], 0)
    steps.show()
    assert green(steps) == 0

    steps.show_steps(["Straight", "Left", "Right"], 1)
    one = green(steps)
    steps.show_steps(["Straight", "Left", "Right"], 3)

    assert 0 < one < green(steps)
    assert steps.accessibleDescription() == "3 of 3 done"
    assert steps.done == 3


def test_no_steps_paint_nothing(qtbot: QtBot, look: Look) -> None:
    steps = Steps(look, "Captures")
    qtbot.addWidget(steps)
    steps.show()

    assert green(steps) == 0
