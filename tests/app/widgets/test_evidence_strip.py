from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from app.widgets.evidence_strip import Bar, EvidenceStrip
from app.widgets.look import Look
from app.widgets.theme import LIGHT
from tests.app.widgets.pixels import count


def test_matching_frames_stand_out_and_higher_ones_are_larger(qtbot: QtBot, look: Look) -> None:
    strip = EvidenceStrip(look)
    qtbot.addWidget(strip)
    strip.resize(400, 120)
    strip.show()
    assert count(strip, LIGHT.good) == 0

    strip.show_bars([Bar(0.6, matched=True), Bar(None, matched=False)], 0.5, "2 frames")
    low = count(strip, LIGHT.good)
    strip.show_bars([Bar(0.9, matched=True), Bar(None, matched=False)], 0.5, "2 frames")

    assert 0 < low < count(strip, LIGHT.good)
    assert count(strip, LIGHT.outline) > 0
    assert strip.accessibleDescription() == "2 frames"


def test_a_long_attempt_still_fits(qtbot: QtBot, look: Look) -> None:
    strip = EvidenceStrip(look)
    qtbot.addWidget(strip)
    strip.resize(400, 120)
    strip.show()

    strip.show_bars([Bar(0.9, matched=True)] * 300, 0.5, "300 frames")

    image = strip.grab().toImage()
    assert image.pixelColor(397, 60) == QColor(LIGHT.surface)  # the margin stays free
