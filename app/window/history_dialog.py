"""The history of changes: what was done, what undoing would change, and undoing it."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QWidget

from app.present.history import entry_words, preview_sentences
from app.widgets.elements import breakable, button, column, label, row, set_tone
from app.widgets.theme import GAP_M, GAP_XL
from app.window.actions import ChangeActions, Desk
from core.domain.history import ChangePreview, HistoryEntry
from core.errors import PocketfaceError

WIDTH_PX = 560
LIST_HEIGHT_PX = 320
UNEXPLAINED = "Something went wrong that should not have; the log file says what."


class HistoryDialog(QDialog):
    """Newest change first; choosing one shows what undoing it would do."""

    def __init__(
        self, parent: QWidget, desk: Desk, changes: ChangeActions, changed: Callable[[], None]
    ) -> None:
        """Lay out and open.

        Args:
            parent: The window.
            desk: For the storage thread.
            changes: What can be asked of the gallery.
            changed: Called after something was undone or redone.
        """
        super().__init__(parent)
        self._desk, self._changes, self._changed = desk, changes, changed
        self._entries: dict[int, HistoryEntry] = {}
        self.setWindowTitle("History")
        self.setFixedWidth(WIDTH_PX)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.list = QListWidget()
        self.list.setAccessibleName("Changes, newest first")
        self.list.setFixedHeight(LIST_HEIGHT_PX)
        self.list.currentItemChanged.connect(self._chosen)
        self.words = label("", "muted")
        self.undo = button("Undo", self._undo, kind="primary")
        self.redo = button("Redo the last undo", self._redo)
        desk.look.dress(self.undo, "undo", "on_accent")
        self.undo.setEnabled(False)
        self.setLayout(
            column(
                label("History", "headline"),
                self.list,
                self.words,
                row(self.redo, 1, button("Close", self.reject), self.undo),
                spacing=GAP_M,
                margin=GAP_XL,
            )
        )
        self.reload()
        self.open()

    def reload(self) -> None:
        """Read the changes."""
        self._desk.storage.submit(self._changes.history, self._show, self._complain)

    def _show(self, entries: Sequence[HistoryEntry]) -> None:
        self._entries = {entry.number: entry for entry in entries}
        self.list.clear()
        for entry in entries:
            item = QListWidgetItem(_line(entry))
            item.setData(Qt.ItemDataRole.UserRole, entry.number)
            self.list.addItem(item)
        if not entries:
            self._say("Nothing was changed that is still remembered.")

    @property
    def _number(self) -> int | None:
        chosen = self.list.currentIndex()
        return int(chosen.data(Qt.ItemDataRole.UserRole)) if chosen.isValid() else None

    def _chosen(self) -> None:
        self.undo.setEnabled(False)
        number = self._number
        if number is None:
            return
        entry = self._entries[number]
        if not entry.can_be_undone:
            undone = entry.undone_at is not None
            self._say("This was undone." if undone else "This cannot be undone any more.")
            return
        self._desk.storage.submit(
            partial(self._changes.preview_undo, number), self._show_preview, self._complain
        )

    def _show_preview(self, preview: ChangePreview) -> None:
        if preview.number == self._number:
            self._say("Undo: " + " ".join(preview_sentences(preview)))
            self.undo.setEnabled(True)

    def _undo(self) -> None:
        undo = partial(self._changes.undo, self._number)
        self._desk.storage.submit(undo, self._done, self._complain)

    def _redo(self) -> None:
        self._desk.storage.submit(self._changes.redo, self._done, self._complain)

    def _done(self, _entry: HistoryEntry) -> None:
        self.undo.setEnabled(False)
        self._say("")
        self.reload()
        self._changed()

    def _say(self, words: str) -> None:
        set_tone(self.words, "")
        self.words.setText(breakable(words))

    def _complain(self, error: Exception) -> None:
        words = error.sentence if isinstance(error, PocketfaceError) else UNEXPLAINED
        self._say(words)
        set_tone(self.words, "bad")


def _line(entry: HistoryEntry) -> str:
    state = ""
    if entry.undone_at is not None:
        state = "  (undone)"
    elif not entry.complete:
        state = "  (cannot be undone any more)"
    return f"{entry.at:%Y-%m-%d %H:%M}   {entry_words(entry)}{state}"
