"""The live picture: paints one FrameResult, or what to do while there is none."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.runtime.qimage import frame_image
from app.widgets.look import Look
from app.widgets.overlay import Placement, fit, paint_overlay
from app.widgets.theme import BODY_PX, DARK, GAP_L, GAP_M, GAP_S, TITLE_PX
from core.domain.frame import Frame
from core.domain.result import Analysis

CORNER_PX = 12.0
IDLE_ICON_PX = 56
HINT_GROUND = QColor(10, 15, 18, 205)  # over any picture: light text on it keeps 7:1
HINT_TEXT = QColor("#f4f7f8")
LEAST_SIZE = QSize(320, 240)


class CameraView(QWidget):
    """Shows a frame with its faces, one hint below, and words while no frame is there."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._analysis: Analysis | None = None
        self._mirrored = False
        self._shape = LEAST_SIZE
        self._tone = "accent"
        self._hint = ""
        self._idle = ("camera", "", "")
        self.setMinimumSize(LEAST_SIZE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Live picture")
        look.follow(self.update)

    def sizeHint(self) -> QSize:
        """Twice the least size; it takes whatever more there is."""
        return LEAST_SIZE * 2

    @property
    def frame(self) -> Frame | None:
        """What is shown."""
        return self._analysis.frame if self._analysis else None

    @property
    def hint(self) -> str:
        """The words over the picture."""
        return self._hint

    def show_analysis(self, analysis: Analysis, *, mirrored: bool, tone: str, hint: str) -> None:
        """Show a frame with its faces.

        Args:
            analysis: The frame and what was found in it.
            mirrored: For a person's own live picture.
            tone: A colour role for the chosen face.
            hint: What to do next; may be empty.
        """
        self._analysis, self._mirrored = analysis, mirrored
        shape = QSize(analysis.frame.width_px, analysis.frame.height_px)
        if shape != self._shape:
            self._shape = shape
            self._limit_height()
        self._tone = tone
        if hint != self._hint:
            self._hint = hint
            self.setAccessibleDescription(hint)
        self.update()

    def show_idle(self, icon: str, title: str, words: str) -> None:
        """Show no frame but a reason."""
        self._analysis, self._hint = None, ""
        self._idle = (icon, title, words)
        self.setAccessibleDescription(f"{title}. {words}")
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Never be higher than the picture can use at this width."""
        self._limit_height()
        super().resizeEvent(event)

    def _limit_height(self) -> None:
        height = self.width() * self._shape.height() // self._shape.width()
        self.setMaximumHeight(max(LEAST_SIZE.height(), height))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """Paint the whole widget; a frame takes 1 to 4 ms."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._analysis is None:
            self._paint_idle(painter)
        else:
            self._paint_frame(painter, self._analysis)
        painter.end()

    def _paint_frame(self, painter: QPainter, analysis: Analysis) -> None:
        frame = analysis.frame
        placement = fit(
            frame.width_px, frame.height_px, QRectF(self.rect()), mirrored=self._mirrored
        )
        outline = QPainterPath()
        outline.addRoundedRect(placement.area, CORNER_PX, CORNER_PX)
        painter.setClipPath(outline)
        self._paint_picture(painter, frame, placement)
        # The dark palette's colours are the light ones, which a photograph needs.
        paint_overlay(painter, placement, analysis, DARK, self._tone)
        if self._hint:
            self._paint_hint(painter, placement.area)

    def _paint_picture(self, painter: QPainter, frame: Frame, placement: Placement) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        area = placement.area
        if placement.mirrored:
            painter.save()
            painter.translate(2 * area.x() + area.width(), 0)
            painter.scale(-1, 1)
            painter.drawImage(area, frame_image(frame))
            painter.restore()
        else:
            painter.drawImage(area, frame_image(frame))

    def _paint_hint(self, painter: QPainter, area: QRectF) -> None:
        font = QFont(self.font())
        font.setPixelSize(BODY_PX + 1)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        room = area.adjusted(GAP_L * 2, 0, -GAP_L * 2, 0)
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignCenter
        text = QFontMetricsF(font).boundingRect(room, int(flags), self._hint)
        pill = QRectF(0, 0, text.width() + 2 * GAP_L, text.height() + 2 * GAP_S)
        pill.moveCenter(area.center())
        pill.moveBottom(area.bottom() - GAP_L)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(HINT_GROUND)
        painter.drawRoundedRect(pill, CORNER_PX, CORNER_PX)
        painter.setPen(HINT_TEXT)
        painter.drawText(pill, int(flags), self._hint)

    def _paint_idle(self, painter: QPainter) -> None:
        palette = self._look.palette
        painter.setPen(QColor(palette.border))
        painter.setBrush(QColor(palette.sunken))
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), CORNER_PX, CORNER_PX
        )
        icon, title, words = self._idle
        middle = self.rect().center()
        pixmap = self._look.pixmap(icon, palette.outline, IDLE_ICON_PX)
        painter.drawPixmap(
            middle.x() - IDLE_ICON_PX // 2, middle.y() - IDLE_ICON_PX - GAP_M, pixmap
        )
        self._paint_centred(painter, title, TITLE_PX, palette.text, middle.y())
        self._paint_centred(painter, words, BODY_PX, palette.muted, middle.y() + 2 * TITLE_PX)

    def _paint_centred(
        self, painter: QPainter, text: str, size_px: int, colour: str, top: int
    ) -> None:
        font = QFont(self.font())
        font.setPixelSize(size_px)
        font.setWeight(QFont.Weight.DemiBold if size_px == TITLE_PX else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(colour))
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        area = QRectF(GAP_L, top, self.width() - 2 * GAP_L, self.height() - top)
        painter.drawText(area, int(flags), text)
