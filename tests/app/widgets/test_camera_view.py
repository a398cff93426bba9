import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from app.widgets.camera_view import CameraView
from app.widgets.look import Look
from core.domain.frame import Frame
from core.domain.result import Analysis


def analysis(left_bgr: tuple[int, int, int], right_bgr: tuple[int, int, int]) -> Analysis:
    pixels = np.zeros((480, 640, 3), np.uint8)
    pixels[:, :320], pixels[:, 320:] = left_bgr, right_bgr
    return Analysis(
        frame=Frame(pixels),
        faces=(),
        chosen=None,
        track=None,
        aligned=None,
        quality=None,
        embedding=None,
        issues=frozenset(),
        stage_ms={},
    )


@pytest.fixture
def view(qtbot: QtBot, look: Look) -> CameraView:
    result = CameraView(look)
    result.resize(640, 480)
    qtbot.addWidget(result)
    result.show()
    return result


def colour(view: CameraView, x: int) -> QColor:
    return view.grab().toImage().pixelColor(x, 200)


def test_a_persons_own_picture_is_mirrored(view: CameraView) -> None:
    halves = analysis((255, 0, 0), (0, 0, 255))  # blue, then red

    view.show_analysis(halves, mirrored=False, tone="accent", hint="")
    assert (colour(view, 100), colour(view, 540)) == (QColor(0, 0, 255), QColor(255, 0, 0))
    view.show_analysis(halves, mirrored=True, tone="accent", hint="")

    assert (colour(view, 100), colour(view, 540)) == (QColor(255, 0, 0), QColor(0, 0, 255))


def test_the_hint_is_painted_and_spoken(view: CameraView) -> None:
    grey = analysis((90, 90, 90), (90, 90, 90))
    view.show_analysis(grey, mirrored=False, tone="accent", hint="")
    without = view.grab().toImage()

    view.show_analysis(grey, mirrored=False, tone="accent", hint="Come closer.")

    assert view.accessibleDescription() == "Come closer."
    assert view.grab().toImage() != without


def test_without_a_frame_it_says_why(view: CameraView) -> None:
    view.show_analysis(analysis((9, 9, 9), (9, 9, 9)), mirrored=False, tone="good", hint="Hold.")

    view.show_idle("camera", "The camera is off", "Start it.")

    assert view.frame is None
    assert view.hint == ""
    assert view.accessibleDescription() == "The camera is off. Start it."


def test_it_never_grows_higher_than_the_picture_at_its_width(
    view: CameraView, qtbot: QtBot
) -> None:
    wide = Frame(np.zeros((360, 640, 3), np.uint8))
    view.show_analysis(
        Analysis(wide, (), None, None, None, None, None, frozenset(), {}),
        mirrored=False,
        tone="accent",
        hint="",
    )

    assert view.maximumHeight() == 360


def test_the_least_size_shows_a_whole_small_picture(view: CameraView) -> None:
    assert view.minimumSize() == QSize(320, 240)
