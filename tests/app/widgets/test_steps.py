from pytestqt.qtbot import QtBot

from app.widgets.look import Look
from app.widgets.steps import Steps
from app.widgets.theme import LIGHT
from tests.app.widgets.pixels import count


def green(steps: Steps) -> int:
    return count(steps, LIGHT.good)


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
