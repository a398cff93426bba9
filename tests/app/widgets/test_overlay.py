import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from app.widgets.overlay import corner_lines, fit, paint_overlay
from app.widgets.theme import DARK
from core.domain.face import Box
from tests.fakes.analyses import make_analysis, unit

VIEW = QRectF(10, 20, 800, 800)


def test_a_frame_is_as_large_as_the_view_allows_and_keeps_its_shape() -> None:
    placement = fit(640, 480, VIEW, mirrored=False)

    assert placement.area == QRectF(10, 20, 800, 600)


def test_a_high_view_is_filled_from_the_top_a_wide_one_in_its_middle() -> None:
    wide = fit(640, 480, QRectF(0, 0, 1000, 480), mirrored=False)

    assert wide.area == QRectF(180, 0, 640, 480)


def test_mirroring_changes_left_and_right_and_nothing_else() -> None:
    plain = fit(640, 480, VIEW, mirrored=False)
    mirrored = fit(640, 480, VIEW, mirrored=True)

    assert mirrored.point(0, 100) == plain.point(640, 100)
    assert mirrored.rect(Box(0, 10, 64, 48)) == plain.rect(Box(576, 10, 64, 48))


@given(x=st.floats(0, 600), y=st.floats(0, 400), mirrored=st.booleans(), side=st.floats(1, 80))
def test_a_box_keeps_its_shape_and_stays_inside(
    x: float, y: float, mirrored: bool, side: float
) -> None:
    placement = fit(1000, 700, VIEW, mirrored=mirrored)

    rect = placement.rect(Box(x, y, side, 2 * side))

    assert rect.height() == pytest.approx(2 * rect.width(), rel=1e-6)
    assert placement.area.adjusted(-1e-6, -1e-6, 1e-6, 1e-6).contains(rect)


def test_corners_lie_on_the_box() -> None:
    rect = QRectF(0, 0, 100, 50)

    corners = corner_lines(rect)

    assert [corner for _, corner, _ in corners] == [
        QPointF(0, 0),
        QPointF(100, 0),
        QPointF(100, 50),
        QPointF(0, 50),
    ]
    for first, _, last in corners:
        assert rect.contains(first)
        assert rect.contains(last)


def painted(faces: int, tone: str) -> QImage:
    image = QImage(640, 480, QImage.Format.Format_RGB32)
    image.fill(QColor("#555555"))
    painter = QPainter(image)
    placement = fit(640, 480, QRectF(0, 0, 640, 480), mirrored=False)
    paint_overlay(painter, placement, make_analysis(unit(1, 0), faces=faces), DARK, tone)
    painter.end()
    return image


def test_the_chosen_face_is_framed_in_its_tone(qapp: object) -> None:
    image = painted(1, "good")

    assert image.pixelColor(52, 100) == QColor(DARK.good)  # the left edge, near its corner
    assert image.pixelColor(50, 150) == QColor("#555555")  # the middle of that edge stays free


def test_other_faces_are_framed_otherwise(qapp: object) -> None:
    alone, both = painted(1, "good"), painted(2, "good")

    second = [(x, y) for x in range(195, 305) for y in range(95, 240)]
    assert any(alone.pixelColor(*at) != both.pixelColor(*at) for at in second)
    assert all(both.pixelColor(*at) != QColor(DARK.good) for at in second)
