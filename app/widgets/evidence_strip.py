"""Every frame of an attempt as one bar, with the threshold as a line."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.widgets.look import Look
from app.widgets.theme import CAPTION_PX, GAP_M, GAP_S, GAP_XS

LEAST_HEIGHT_PX = 104
WIDEST_BAR_PX = 18.0
GAP_SHARE = 0.3  # of a bar's place that stays empty
LEAST_BAR_PX = 3.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One frame.

    Attributes:
        height: 0 to 1; None for a frame that was not compared.
        matched: Whether it speaks for the subject.
    """

    height: float | None
    matched: bool


class EvidenceStrip(QWidget):
    """Bars from the oldest frame to the newest."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._bars: tuple[Bar, ...] = ()
        self._mark = 0.5
        self._words = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(LEAST_HEIGHT_PX)
        self.setAccessibleName("Frames of the attempt")
        self.clear()
        look.follow(self.update)

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(320, LEAST_HEIGHT_PX)

    def clear(self) -> None:
        """Show that there is nothing yet."""
        self.show_bars((), 0.5, "Each frame of an attempt becomes a bar here.")

    def show_bars(self, bars: Sequence[Bar], mark: float, words: str) -> None:
        """Show an attempt.

        Args:
            bars: Oldest first.
            mark: Height of the threshold, 0 to 1.
            words: What the bars show, for everybody.
        """
        self._bars, self._mark, self._words = tuple(bars), mark, words
        self.setAccessibleDescription(words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """Paint words, bars and line on a card."""
        palette = self._look.palette
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(palette.border), 1))
        painter.setBrush(QColor(palette.surface))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 12, 12)
        inner = QRectF(self.rect()).adjusted(GAP_M, GAP_S, -GAP_M, -GAP_M)
        font = painter.font()
        font.setPixelSize(CAPTION_PX)
        painter.setFont(font)
        painter.setPen(QColor(palette.muted))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        width = int(inner.width())
        words = painter.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, width)
        painter.drawText(inner, int(flags), words)
        self._paint_bars(painter, inner.adjusted(0, CAPTION_PX + GAP_S + GAP_XS, 0, 0))
        painter.end()

    def _paint_bars(self, painter: QPainter, area: QRectF) -> None:
        palette = self._look.palette
        painter.setPen(QPen(QColor(palette.border), 1))
        painter.drawLine(QLineF(area.bottomLeft(), area.bottomRight()))
        if not self._bars:
            return
        place = min(WIDEST_BAR_PX, area.width() / len(self._bars))
        painter.setPen(Qt.PenStyle.NoPen)
        for index, bar in enumerate(self._bars):
            height = LEAST_BAR_PX if bar.height is None else area.height() * bar.height
            height = max(LEAST_BAR_PX, height)
            colour = palette.good if bar.matched else palette.outline
            painter.setBrush(QColor(colour))
            left = area.x() + index * place
            width = place * (1 - GAP_SHARE)
            painter.drawRoundedRect(QRectF(left, area.bottom() - height, width, height), 2, 2)
        pen = QPen(QColor(palette.text), 1.5, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        y = area.bottom() - area.height() * self._mark
        painter.drawLine(QLineF(area.left(), y, area.right(), y))
