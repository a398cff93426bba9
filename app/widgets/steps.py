"""How far a row of steps has come: one dot each, with the words of the present one."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.widgets.look import Look
from app.widgets.theme import CAPTION_PX, GAP_S

DOT_PX = 26
ICON_PX = 16


class Steps(QWidget):
    """Dots from left to right: done ones carry a tick, the present one a ring, all a word."""

    def __init__(self, look: Look, what: str) -> None:
        """Begin with no steps.

        Args:
            look: Colours and icons.
            what: Accessible name, for example "Captures".
        """
        super().__init__()
        self._look = look
        self._names: tuple[str, ...] = ()
        self._done = 0
        self.setAccessibleName(what)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(DOT_PX + GAP_S + CAPTION_PX + GAP_S)
        look.follow(self.update)

    def sizeHint(self) -> QSize:
        """Room for a word under each dot."""
        return QSize(64 * max(1, len(self._names)), self.height())

    @property
    def done(self) -> int:
        """How many steps are behind."""
        return self._done

    def show_steps(self, names: Sequence[str], done: int) -> None:
        """Show `done` of the named steps as done."""
        self._names, self._done = tuple(names), done
        self.setAccessibleDescription(f"{done} of {len(names)} done")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """Paint dots, the line between them, and words."""
        if not self._names:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = self.width() / len(self._names)
        palette = self._look.palette
        painter.setPen(QPen(QColor(palette.border), 2))
        middle = DOT_PX / 2 + 1
        painter.drawLine(int(width / 2), int(middle), int(self.width() - width / 2), int(middle))
        for index, name in enumerate(self._names):
            left = width * index
            self._paint_dot(painter, QRectF(left + (width - DOT_PX) / 2, 1, DOT_PX, DOT_PX), index)
            self._paint_name(painter, QRectF(left, DOT_PX + GAP_S, width, CAPTION_PX + GAP_S), name)
        painter.end()

    def _paint_dot(self, painter: QPainter, dot: QRectF, index: int) -> None:
        palette = self._look.palette
        done, present = index < self._done, index == self._done
        painter.setBrush(QColor(palette.good if done else palette.surface))
        ring = palette.good if done else palette.accent if present else palette.outline
        painter.setPen(QPen(QColor(ring), 3 if present else 1.5))
        painter.drawEllipse(dot.adjusted(1, 1, -1, -1))
        if done:
            tick = self._look.pixmap("check", palette.surface, ICON_PX)
            corner = dot.center().toPoint()
            painter.drawPixmap(corner.x() - ICON_PX // 2, corner.y() - ICON_PX // 2, tick)
        elif not self._names[index]:
            return
        else:
            font = QFont(painter.font())
            font.setPixelSize(CAPTION_PX)
            painter.setFont(font)
            painter.setPen(QColor(palette.accent if present else palette.muted))
            painter.drawText(dot, Qt.AlignmentFlag.AlignCenter, str(index + 1))

    def _paint_name(self, painter: QPainter, area: QRectF, name: str) -> None:
        font = QFont(painter.font())
        font.setPixelSize(CAPTION_PX)
        painter.setFont(font)
        painter.setPen(QColor(self._look.palette.muted))
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.drawText(area, int(flags), name)
