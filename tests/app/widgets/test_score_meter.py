import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from app.widgets.look import Look
from app.widgets.score_meter import ScoreMeter
from app.widgets.theme import LIGHT


@pytest.fixture
def meter(qtbot: QtBot, look: Look) -> ScoreMeter:
    result = ScoreMeter(look)
    result.resize(400, result.height())
    qtbot.addWidget(result)
    result.show()
    return result


def filled(meter: ScoreMeter) -> int:
    """How many pixels of the bar's middle line carry the tone."""
    image = meter.grab().toImage()
    row = [image.pixelColor(x, 9) for x in range(image.width())]
    return sum(colour == QColor(LIGHT.good) for colour in row)


def test_a_higher_score_fills_more(meter: ScoreMeter) -> None:
    meter.show_score(0.4, 0.36, 0.55, 0.5, "good")
    little = filled(meter)
    meter.show_score(0.8, 0.36, 0.9, 0.5, "good")

    assert 180 < little < filled(meter) < 380


@pytest.mark.parametrize(
    ("score", "words"), [(0.36, "reaches"), (0.5, "reaches"), (0.35, "is below")]
)
def test_it_says_in_words_what_it_shows(meter: ScoreMeter, score: float, words: str) -> None:
    meter.show_score(score, 0.36, 0.5, 0.5, "good")

    assert words in meter.accessibleDescription()
    assert "0.36" in meter.accessibleDescription()


def test_without_a_score_nothing_is_filled(meter: ScoreMeter) -> None:
    meter.show_score(0.8, 0.36, 0.9, 0.5, "good")
    meter.clear()

    assert filled(meter) == 0
    assert meter.position is None
    assert meter.accessibleDescription() == "No score yet"
