"""An area that takes files by drag and drop, or through a button."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton

from app.widgets.elements import column, label, restyle, row
from app.widgets.look import Look
from app.widgets.theme import GAP_M, GAP_XL

ICON_PX = 44


class DropZone(QFrame):
    """Emits `dropped` with the paths of what was dropped on it."""

    dropped = Signal(list)

    def __init__(self, look: Look, title: str, words: str, *buttons: QPushButton) -> None:
        super().__init__()
        self._look = look
        self.setAcceptDrops(True)
        self.setProperty("drop", True)  # noqa: FBT003 - Qt's signature
        self.setAccessibleName(title)
        self.setAccessibleDescription(words)
        self._icon = QLabel()
        centre = Qt.AlignmentFlag.AlignCenter
        self._icon.setAlignment(centre)
        heading, text = label(title, "title"), label(words, "muted")
        heading.setAlignment(centre)
        text.setAlignment(centre)
        self.setLayout(
            column(
                1, self._icon, heading, text, row(1, *buttons, 1), 1, spacing=GAP_M, margin=GAP_XL
            )
        )
        look.follow(self._draw)
        self._draw()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files are welcome, nothing else is."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            self._show_over(over=True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Look as before."""
        self._show_over(over=False)
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Say what was dropped."""
        self._show_over(over=False)
        urls = event.mimeData().urls()
        paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
        event.acceptProposedAction()
        if paths:
            self.dropped.emit(paths)

    def _show_over(self, *, over: bool) -> None:
        self.setProperty("over", over)
        restyle(self)

    def _draw(self) -> None:
        self._icon.setPixmap(self._look.pixmap("pictures", self._look.palette.accent, ICON_PX))
