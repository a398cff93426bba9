"""One line above the page for what has just happened, with at most one thing to do about it."""

from collections.abc import Callable
from enum import StrEnum

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QFrame, QLabel

from app.widgets.elements import breakable, button, label, restyle, row
from app.widgets.look import ICON_PX, Look
from app.widgets.theme import GAP_M, GAP_S
from core.errors import PocketfaceError

# Long enough to read two sentences and reach for the button.
STAYS_MS = 10_000

UNEXPLAINED = "Something went wrong that should not have; the log file says what."


class NoticeKind(StrEnum):
    """How a notice is coloured; its icon and words say the same."""

    ERROR = "error"
    DONE = "done"
    PLAIN = "plain"
    CAUTION = "caution"


_ICONS = {
    NoticeKind.ERROR: ("bad", "bad"),
    NoticeKind.DONE: ("good", "good"),
    NoticeKind.PLAIN: ("hint", "accent"),
    NoticeKind.CAUTION: ("caution", "caution"),
}


class NoticeBar(QFrame):
    """Shows one notice; the next replaces it."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._kind = NoticeKind.PLAIN
        self._act: Callable[[], None] | None = None
        self._icon = QLabel()
        self._icon.setFixedWidth(ICON_PX)
        self.words = label()
        self.act_button = button("", self.act)
        self.close_button = button("", self.dismiss, kind="quiet", name="Close this notice")
        look.dress(self.close_button, "cross")
        layout = row(self._icon, self.words, self.act_button, self.close_button, spacing=GAP_M)
        layout.setContentsMargins(GAP_M, GAP_S, GAP_S, GAP_S)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(STAYS_MS)
        self._timer.timeout.connect(self.dismiss)
        look.follow(self._draw)
        self.setAccessibleName("Notice")
        self.hide()

    def say(
        self,
        words: str,
        kind: NoticeKind = NoticeKind.DONE,
        *,
        act: tuple[str, Callable[[], None]] | None = None,
    ) -> None:
        """Show a sentence.

        Args:
            words: Shown literally.
            kind: Errors stay until they are closed; everything else goes after ten seconds.
            act: The words of a button, and what it does; the notice goes with it.
        """
        self._kind, self._act = kind, act[1] if act else None
        self.words.setText(breakable(words))
        self.act_button.setVisible(act is not None)
        self.act_button.setText(act[0] if act else "")
        self.act_button.setAccessibleName(act[0] if act else "No action")
        self.setProperty("notice", kind.value)
        restyle(self)
        self._draw()
        self.setAccessibleDescription(words)
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
        if kind is NoticeKind.ERROR:
            self._timer.stop()
        else:
            self._timer.start()

    def error(self, error: Exception, act: tuple[str, Callable[[], None]] | None = None) -> None:
        """Show a failure as its sentence, or one that admits that there is none."""
        words = error.sentence if isinstance(error, PocketfaceError) else UNEXPLAINED
        self.say(words, NoticeKind.ERROR, act=act)

    def dismiss(self) -> None:
        """Let the notice go, if one is shown."""
        self._timer.stop()
        self.hide()
        self._act = None

    def act(self) -> None:
        """Do what the notice offers, if it offers anything."""
        act = self._act
        if act is None:
            return
        self.dismiss()
        act()

    def _draw(self) -> None:
        icon, role = _ICONS[self._kind]
        self._icon.setPixmap(self._look.pixmap(icon, getattr(self._look.palette, role)))
