"""What is drawn over a live picture: geometry as functions, and one painter function."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app.widgets.theme import CAPTION_PX, GAP_S, Palette
from core.domain.face import Box, Face
from core.domain.result import Analysis

CORNER_SHARE = 0.22  # of the box's shorter side: corners that frame a face without hiding it
CHOSEN_PEN_PX, OTHER_PEN_PX = 3.0, 1.5
LANDMARK_RADIUS_PX = 2.5
SHADOW = QColor(0, 0, 0, 150)  # under every line, so that it shows on light and dark pictures
OTHER_COLOUR = QColor("#e8edf0")


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a frame lies on a widget: widget = offset + scale * frame, perhaps mirrored.

    Attributes:
        width_px: Of the frame, in its own pixels.
        height_px: Likewise.
        mirrored: Left and right change places, as people expect of their own live picture.
    """

    x: float
    y: float
    scale: float
    width_px: int
    height_px: int
    mirrored: bool

    @property
    def area(self) -> QRectF:
        """What the frame covers on the widget."""
        return QRectF(self.x, self.y, self.width_px * self.scale, self.height_px * self.scale)

    def point(self, x: float, y: float) -> QPointF:
        """A point of the frame on the widget."""
        across = self.width_px - x if self.mirrored else x
        return QPointF(self.x + across * self.scale, self.y + y * self.scale)

    def rect(self, box: Box) -> QRectF:
        """A box of the frame on the widget."""
        first = self.point(box.x, box.y)
        last = self.point(box.x + box.width, box.y + box.height)
        return QRectF(first, last).normalized()


def fit(width_px: int, height_px: int, view: QRectF, *, mirrored: bool) -> Placement:
    """Place a frame as large as it goes into a view, at its top, with its shape kept."""
    scale = min(view.width() / width_px, view.height() / height_px)
    x = view.x() + (view.width() - width_px * scale) / 2
    return Placement(x, view.y(), scale, width_px, height_px, mirrored)


def corner_lines(rect: QRectF) -> tuple[tuple[QPointF, QPointF, QPointF], ...]:
    """The four corners of a frame: an end, the corner itself, the other end."""
    length = CORNER_SHARE * min(rect.width(), rect.height())
    corners = (
        (rect.topLeft(), 1, 1),
        (rect.topRight(), -1, 1),
        (rect.bottomRight(), -1, -1),
        (rect.bottomLeft(), 1, -1),
    )
    return tuple(
        (corner + QPointF(across * length, 0), corner, corner + QPointF(0, down * length))
        for corner, across, down in corners
    )


def paint_overlay(
    painter: QPainter, placement: Placement, analysis: Analysis, palette: Palette, tone: str
) -> None:
    """Draw every face: corners and points for the one decided about, thin dashes for others.

    Args:
        painter: Open on the widget; its pen and brush are changed.
        placement: Of the analysed frame.
        analysis: What to draw.
        palette: Colours of `tone` are taken from the dark palette's, which are made for grounds
            like a photograph.
        tone: A colour role of the palette for the chosen face.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for index, face in enumerate(analysis.faces):
        if index != analysis.chosen:
            _paint_other(painter, placement.rect(face.box))
    if analysis.face is not None:
        _paint_chosen(painter, placement, analysis.face, QColor(getattr(palette, tone)))


def _paint_other(painter: QPainter, rect: QRectF) -> None:
    for colour, width in ((SHADOW, OTHER_PEN_PX + 2), (OTHER_COLOUR, OTHER_PEN_PX)):
        painter.setPen(QPen(colour, width, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(rect, GAP_S, GAP_S)
    font = painter.font()
    font.setPixelSize(CAPTION_PX)
    painter.setFont(font)
    painter.setPen(SHADOW)
    painter.drawText(rect.bottomLeft() + QPointF(1, CAPTION_PX + 5), "not this one")
    painter.setPen(OTHER_COLOUR)
    painter.drawText(rect.bottomLeft() + QPointF(0, CAPTION_PX + 4), "not this one")


def _paint_chosen(painter: QPainter, placement: Placement, face: Face, colour: QColor) -> None:
    rect = placement.rect(face.box)
    for pen_colour, width in ((SHADOW, CHOSEN_PEN_PX + 2), (colour, CHOSEN_PEN_PX)):
        pen = QPen(pen_colour, width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        for lines in corner_lines(rect):
            painter.drawPolyline(lines)
    painter.setPen(QPen(SHADOW, 1))
    painter.setBrush(colour)
    for x, y in face.landmarks.tolist():
        painter.drawEllipse(placement.point(x, y), LANDMARK_RADIUS_PX, LANDMARK_RADIUS_PX)
    painter.setBrush(Qt.BrushStyle.NoBrush)
