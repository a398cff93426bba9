"""A comparison score against the threshold it has to reach."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.widgets.look import Look
from app.widgets.theme import CAPTION_PX, GAP_XS

BAR_PX = 10
MARK_PX = 18
HEIGHT_PX = MARK_PX + CAPTION_PX + 3 * GAP_XS


class ScoreMeter(QWidget):
    """A bar that a score fills, with a mark at the threshold; both numbers stand below."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._position: float | None = None
        self._mark = 0.5
        self._texts = ("", "")
        self._tone = "muted"
        self.setFixedHeight(HEIGHT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Score against threshold")
        self.clear()
        look.follow(self.update)

    def sizeHint(self) -> QSize:
        """Wide enough for both numbers."""
        return QSize(240, HEIGHT_PX)

    @property
    def position(self) -> float | None:
        """How far the bar is filled, 0 to 1; None while there is no score."""
        return self._position

    def clear(self) -> None:
        """Show no score."""
        self._position = None
        self._texts = ("No score yet", "")
        self.setAccessibleDescription("No score yet")
        self.update()

    def show_score(
        self, score: float, threshold: float, position: float, mark: float, tone: str
    ) -> None:
        """Show a score.

        Args:
            score: Cosine similarity.
            threshold: What it has to reach.
            position: Where the score lies on the bar, 0 to 1.
            mark: Where the threshold lies on it.
            tone: A colour role.
        """
        self._position, self._mark, self._tone = position, mark, tone
        self._texts = (f"Score {score:.3f}", f"needed {threshold:.3f}")
        relation = "reaches" if score >= threshold else "is below"
        self.setAccessibleDescription(
            f"The score {score:.3f} {relation} the threshold {threshold:.3f}"
        )
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """Paint the bar, the mark and the numbers."""
        palette = self._look.palette
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(0.5, (MARK_PX - BAR_PX) / 2, self.width() - 1, BAR_PX)
        painter.setPen(QPen(QColor(palette.outline), 1))
        painter.setBrush(QColor(palette.sunken))
        painter.drawRoundedRect(track, BAR_PX / 2, BAR_PX / 2)
        if self._position is not None:
            self._paint_fill(painter, track, self._position)
            self._paint_mark(painter, track)
        self._paint_texts(painter, palette.text, palette.muted)
        painter.end()

    def _paint_fill(self, painter: QPainter, track: QRectF, position: float) -> None:
        fill = QRectF(track)
        fill.setWidth(max(float(BAR_PX), track.width() * position))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(getattr(self._look.palette, self._tone)))
        painter.drawRoundedRect(fill, BAR_PX / 2, BAR_PX / 2)

    def _paint_mark(self, painter: QPainter, track: QRectF) -> None:
        x = track.x() + track.width() * self._mark
        for colour, width in ((self._look.palette.surface, 6), (self._look.palette.text, 2)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawLine(QPointF(x, 0), QPointF(x, MARK_PX))

    def _paint_texts(self, painter: QPainter, strong: str, weak: str) -> None:
        font = painter.font()
        font.setPixelSize(CAPTION_PX)
        painter.setFont(font)
        below = QRectF(0, MARK_PX + GAP_XS, self.width(), CAPTION_PX + GAP_XS)
        painter.setPen(QColor(strong if self._position is not None else weak))
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, self._texts[0])
        if self._position is None:
            return
        painter.setPen(QColor(weak))
        mark = QRectF(below)
        mark.moveCenter(QPointF(self.width() * self._mark, below.center().y()))
        painter.drawText(mark, Qt.AlignmentFlag.AlignHCenter, self._texts[1])
