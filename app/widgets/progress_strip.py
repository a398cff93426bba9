"""A line that shows work in progress, with a way to stop it; hidden while there is none."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from app.widgets.elements import button, label, row
from app.widgets.theme import GAP_S


class ProgressStrip(QWidget):
    """Words, a bar and a button; `cancelled` says that the button was pressed."""

    cancelled = Signal()

    def __init__(self, name: str) -> None:
        """Lay out, hidden.

        Args:
            name: Of the work, for screen readers.
        """
        super().__init__()
        self.words = label("", wrap=False)
        self.bar = QProgressBar()
        self.bar.setAccessibleName(name)
        self.bar.setTextVisible(False)
        self.cancel = button("Cancel", self.cancelled.emit)
        self.setLayout(row(self.words, self.bar, self.cancel, spacing=GAP_S))
        self.hide()

    def begin(self, words: str) -> None:
        """Show that something runs; how far it is, nobody knows yet."""
        self.words.setText(words)
        self.bar.setRange(0, 0)
        self.show()

    def tell(self, done: int, total: int) -> None:
        """How far it is."""
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(done)

    def end(self) -> None:
        """It is over."""
        self.hide()
