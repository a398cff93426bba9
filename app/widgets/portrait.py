"""A small picture of a face with round corners, or a figure where there is none."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from app.widgets.look import Look

CORNER_SHARE = 0.12


def round_pixmap(picture: QImage | None, size_px: int, look: Look, scale: int = 2) -> QPixmap:
    """A face, or a figure in its place, `size_px` square with round corners."""
    pixmap = QPixmap(QSize(size_px, size_px) * scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    pixmap.setDevicePixelRatio(scale)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    area = QRectF(0, 0, size_px, size_px)
    outline = QPainterPath()
    outline.addRoundedRect(area, size_px * CORNER_SHARE, size_px * CORNER_SHARE)
    painter.setClipPath(outline)
    painter.fillRect(area, QColor(look.palette.sunken))
    if picture is None:
        icon_px = int(size_px * 0.6)
        icon = look.pixmap("person", look.palette.outline, icon_px)
        corner = (size_px - icon_px) // 2
        painter.drawPixmap(corner, corner, icon)
    else:
        painter.drawImage(area, picture)
    painter.end()
    return pixmap


class Portrait(QWidget):
    """Shows a face of a fixed size."""

    def __init__(self, look: Look, size_px: int, name: str) -> None:
        super().__init__()
        self._look = look
        self._size_px = size_px
        self._picture: QImage | None = None
        self._pixmap: QPixmap | None = None
        self.setFixedSize(size_px, size_px)
        self.setAccessibleName(name)
        look.follow(self._forget)

    def show_picture(self, picture: QImage | None) -> None:
        """Show a face, or a figure for None."""
        self._picture = picture
        self._forget()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """Paint it; scaled once, not each time."""
        if self._pixmap is None:
            self._pixmap = round_pixmap(self._picture, self._size_px, self._look)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._pixmap)
        painter.end()

    def _forget(self) -> None:
        self._pixmap = None
        self.update()
