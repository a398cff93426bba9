from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from app.widgets.look import Look
from app.widgets.portrait import Portrait, round_pixmap


def face(colour: str) -> QImage:
    image = QImage(112, 112, QImage.Format.Format_RGB888)
    image.fill(QColor(colour))
    return image


def test_a_face_is_shown_with_round_corners(qtbot: QtBot, look: Look) -> None:
    image = round_pixmap(face("#aa3322"), 64, look).toImage()

    assert image.pixelColor(64, 64) == QColor("#aa3322")
    assert image.pixelColor(0, 0).alpha() == 0


def test_without_a_face_a_figure_stands_in_its_place(qtbot: QtBot, look: Look) -> None:
    image = round_pixmap(None, 64, look).toImage()

    side = range(image.width())
    colours = {image.pixelColor(x, y).name() for x in side for y in side}
    assert {look.palette.sunken, look.palette.outline} <= colours


def test_another_face_replaces_the_first(qtbot: QtBot, look: Look) -> None:
    portrait = Portrait(look, 64, "A face")
    qtbot.addWidget(portrait)
    portrait.show()
    portrait.show_picture(face("#aa3322"))
    assert portrait.grab().toImage().pixelColor(32, 32) == QColor("#aa3322")

    portrait.show_picture(face("#2233aa"))

    assert portrait.grab().toImage().pixelColor(32, 32) == QColor("#2233aa")
