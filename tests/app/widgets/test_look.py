import gc

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from app.widgets.look import Look
from app.widgets.theme import DARK, LIGHT


def colours(icon: QIcon) -> set[str]:
    image = icon.pixmap(QSize(20, 20)).toImage()
    points = [(x, y) for x in range(image.width()) for y in range(image.height())]
    opaque = [image.pixelColor(*point) for point in points]
    return {colour.name() for colour in opaque if colour.alpha() == 255}


def test_the_application_wears_the_theme(qapp: QApplication) -> None:
    Look("dark")

    assert qapp.palette().window().color() == QColor(DARK.window)
    assert qapp.font().family() == "Inter"


def test_a_dressed_button_follows_the_theme(qtbot: QtBot, look: Look) -> None:
    button = QPushButton()
    qtbot.addWidget(button)
    look.dress(button, "stop")
    assert LIGHT.text in colours(button.icon())

    look.set_theme("dark")

    assert DARK.text in colours(button.icon())


def test_followers_hear_of_a_change(qtbot: QtBot, look: Look) -> None:
    with qtbot.waitSignal(look.changed, timeout=10_000):
        look.set_theme("dark")

    assert look.palette is DARK


def test_a_button_that_is_gone_disturbs_no_change(qtbot: QtBot, look: Look) -> None:
    button = QPushButton()
    look.dress(button, "stop")
    del button
    gc.collect()

    look.set_theme("dark")


@pytest.mark.parametrize("name", ["verify", "enrol", "people", "models", "settings", "about"])
def test_every_page_has_an_icon_of_its_own(look: Look, name: str) -> None:
    image = look.pixmap(name, "#000000").toImage()

    assert any(
        image.pixelColor(x, y).alpha() > 0
        for x in range(image.width())
        for y in range(image.height())
    )


def test_an_icon_is_drawn_once(look: Look) -> None:
    first, second = look.pixmap("verify", "#123456"), look.pixmap("verify", "#123456")

    assert first.cacheKey() == second.cacheKey()
