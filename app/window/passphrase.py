"""Asking for the gallery's passphrase from the storage thread, in a dialog on the UI thread."""

import queue
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from app.runtime.waker import Waker
from app.widgets.elements import button, column, label, row, set_tone
from app.widgets.theme import GAP_M, GAP_XL, GAP_XS
from core.errors import KeysDeniedError

WIDTH_PX = 420
NEW_WORDS = (
    "The gallery is encrypted under a passphrase of your choice. Nobody can bring it back if it "
    "is forgotten."
)
KNOWN_WORDS = "The gallery is encrypted under a passphrase."


class PassphraseDialog(QDialog):
    """Asks for a passphrase; twice where it is a new one."""

    def __init__(
        self,
        parent: QWidget,
        answer: Callable[[str | None], None],
        *,
        new: bool,
        act: str = "Open the gallery",
    ) -> None:
        """Lay out.

        Args:
            parent: The window.
            answer: Gets the passphrase, or None.
            new: Whether it has to be typed twice.
            act: Words of the button.
        """
        super().__init__(parent)
        self._answer = answer
        self.setWindowTitle("Passphrase")
        self.setFixedWidth(WIDTH_PX)
        self.first = _secret("Passphrase")
        self.second = _secret("Passphrase again")
        again = label("Again", "strong")
        self.second.setVisible(new)
        again.setVisible(new)
        self.problem = label()
        set_tone(self.problem, "bad")
        self.problem.hide()
        self._open = button(act, self._check, kind="primary")
        self._open.setDefault(True)
        self.setLayout(
            column(
                label("New passphrase" if new else "Passphrase", "headline"),
                label(NEW_WORDS if new else KNOWN_WORDS, "muted"),
                self.first,
                column(again, self.second, spacing=GAP_XS),
                self.problem,
                row(1, button("Cancel", self.reject), self._open),
                spacing=GAP_M,
                margin=GAP_XL,
            )
        )
        self._new = new
        self.rejected.connect(self._on_rejected)

    def _check(self) -> None:
        if not self.first.text():
            self._complain("Type the passphrase.")
        elif self._new and self.first.text() != self.second.text():
            self._complain("The two are not the same; type them again.")
        else:
            self.accept()
            self._answer(self.first.text())

    def _complain(self, words: str) -> None:
        self.problem.setText(words)
        self.problem.show()

    def _on_rejected(self) -> None:
        self._answer(None)


class PassphraseAsker:
    """`ask` waits on the storage thread for what the dialog is told on the UI thread."""

    def __init__(self, window: QWidget, is_new: Callable[[], bool]) -> None:
        """Create on the UI thread.

        Args:
            window: The dialog's parent.
            is_new: Whether the gallery has no passphrase yet.
        """
        self._window = window
        self._is_new = is_new
        self._answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._waker = Waker(self._show)

    def ask(self) -> str:
        """The passphrase.

        Raises:
            KeysDeniedError: None was given.
        """
        self._waker.wake()
        answer = self._answers.get()
        if answer is None:
            raise KeysDeniedError(reason="no passphrase was given")
        return answer

    def close(self) -> None:
        """Give no passphrase to whoever still waits."""
        self._waker.close()
        self._answers.put(None)

    def _show(self) -> None:
        dialog = PassphraseDialog(self._window, self._answers.put, new=self._is_new())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()


def _secret(name: str) -> QLineEdit:
    result = QLineEdit()
    result.setEchoMode(QLineEdit.EchoMode.Password)
    result.setAccessibleName(name)
    return result
