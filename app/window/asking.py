"""A question before something that matters, with what it would do in words."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget

from app.widgets.elements import breakable, button, column, label, row
from app.widgets.theme import GAP_M, GAP_S, GAP_XL

WIDTH_PX = 460
MOST_SENTENCES = 8  # more do not fit a small screen; the rest is counted


class Question(QDialog):
    """Asks; does what was asked for only on a clear yes."""

    def __init__(
        self,
        parent: QWidget,
        title: str,
        sentences: Sequence[str],
        act: tuple[str, Callable[[], None]],
        *,
        danger: bool = False,
    ) -> None:
        """Lay out and open.

        Args:
            parent: The window.
            title: The question.
            sentences: What would happen, shown literally.
            act: Words of the button, and what it does.
            danger: Whether it cannot be taken back; the way out then has the focus.
        """
        super().__init__(parent)
        self._act = act[1]
        self.setWindowTitle(title)
        self.setFixedWidth(WIDTH_PX)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        shown = list(sentences[:MOST_SENTENCES])
        if len(sentences) > MOST_SENTENCES:
            shown.append(f"And {len(sentences) - MOST_SENTENCES} more.")
        self.words = [label(breakable(sentence)) for sentence in shown]
        self.go = button(act[0], self._go, kind="danger" if danger else "primary")
        self.back = button("Cancel", self.reject)
        (self.back if danger else self.go).setDefault(True)
        self.setLayout(
            column(
                label(breakable(title), "headline"),
                column(*self.words, spacing=GAP_S),
                row(1, self.back, self.go),
                spacing=GAP_M,
                margin=GAP_XL,
            )
        )
        self.setAccessibleDescription(" ".join(shown))
        self.open()
        (self.back if danger else self.go).setFocus()

    def _go(self) -> None:
        self.accept()
        self._act()
