"""Taking everybody along: which form, under which passphrase, to which file."""

from functools import partial
from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QFrame, QLineEdit, QProgressBar

from app.runtime.threads import Job, Progress
from app.widgets.elements import button, column, label, row, set_tone
from app.widgets.theme import GAP_L, GAP_S
from app.window.actions import Actions, Desk, ExportWish

Form = Literal["pfgallery", "sqlite", "csv", "json"]
# Words, form, ending, whether it is sealed.
FORMS: tuple[tuple[str, Form, bool], ...] = (
    ("Archive, sealed by a passphrase", "pfgallery", True),
    ("Archive in the open", "pfgallery", False),
    ("SQLite copy for other programs", "sqlite", False),
    ("List of people and events (CSV)", "csv", False),
    ("List of people and events (JSON)", "json", False),
)
SEALED_WORDS = "It opens with its passphrase only; nobody can bring that back if it is forgotten."
OPEN_WORDS = "Everybody who can read this file has all names, face templates and pictures in it."
LIST_WORDS = "Everybody who can read this file has all names and notes in it, but no templates."
FIELD_WIDTH_PX = 200


class ExportCard(QFrame):
    """One line of choices and a button."""

    def __init__(self, desk: Desk, actions: Actions) -> None:
        super().__init__()
        self._desk, self._actions = desk, actions
        self._job: Job | None = None
        self.format = QComboBox()
        self.format.setAccessibleName("Form of the export")
        for words, _, _ in FORMS:
            self.format.addItem(words)
        self.format.currentIndexChanged.connect(self._update)
        self.first = _secret("Passphrase")
        self.second = _secret("The same again")
        self.pictures = QCheckBox("With pictures")
        self.pictures.setAccessibleName("With pictures")
        self.pictures.setToolTip("Without them, another model cannot be made to know the people")
        self.pictures.setChecked(True)
        self.words = label("", wrap=False)
        self.go = button("Export…", self._choose, kind="primary")
        desk.look.dress(self.go, "save", "on_accent")
        self.cancel = button("Cancel", self._cancel)
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Export")
        self.progress.setTextVisible(False)
        self.setProperty("card", True)  # noqa: FBT003 - Qt's signature
        self.setLayout(
            column(
                label("Take everybody along", "title"),
                row(self.format, self.first, self.second, 1, self.cancel, self.go, spacing=GAP_S),
                row(self.words, 1, self.pictures),
                self.progress,
                spacing=GAP_S,
                margin=GAP_L,
            )
        )
        self._end()
        self._update()

    @property
    def _form(self) -> tuple[Form, bool]:
        _, form, sealed = FORMS[self.format.currentIndex()]
        return form, sealed

    def _update(self) -> None:
        form, sealed = self._form
        self.first.setVisible(sealed)
        self.second.setVisible(sealed)
        self.pictures.setVisible(form == "pfgallery")
        lists = form in ("csv", "json")
        self._tell(SEALED_WORDS if sealed else LIST_WORDS if lists else OPEN_WORDS, sealed=sealed)

    def _tell(self, words: str, *, sealed: bool) -> None:
        self.words.setText(words)
        set_tone(self.words, "" if sealed else "caution")

    def _choose(self) -> None:
        form, sealed = self._form
        problem = self._problem() if sealed else ""
        if problem:
            self.words.setText(problem)
            set_tone(self.words, "bad")
            self.first.setFocus()
            return
        dialog = QFileDialog(self, "Where to", f"people.{form}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(form)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._chosen)
        dialog.open()

    def _problem(self) -> str:
        if not self.first.text():
            return "Type a passphrase for the archive."
        if self.first.text() != self.second.text():
            return "The two passphrases are not the same; type them again."
        return ""

    def _chosen(self, name: str) -> None:
        self.write(Path(name))

    def write(self, target: Path) -> None:
        """Export to `target`, in the form that is chosen."""
        form, sealed = self._form
        passphrase = self.first.text() if sealed else None
        wish = ExportWish(target, form, passphrase, pictures=self.pictures.isChecked())
        self.progress.setRange(0, 0)
        self.progress.show()
        self.cancel.show()
        self.go.setEnabled(False)
        self._job = self._desk.storage.submit_long(
            partial(self._actions.transfer.export, wish),
            partial(self._exported, wish),
            self._failed,
            self._show_progress,
        )

    def _show_progress(self, progress: Progress) -> None:
        self.progress.setRange(0, max(1, progress.total))
        self.progress.setValue(progress.done)

    def _exported(self, wish: ExportWish, count: int) -> None:
        self._end()
        self.first.clear()
        self.second.clear()
        people = "1 person" if count == 1 else f"{count:,} people"
        self._desk.notices.say(f"Exported {people} to {wish.target}.")

    def _failed(self, error: Exception) -> None:
        self._end()
        self._desk.notices.error(error)

    def _cancel(self) -> None:
        """Stop; what lay at the target is untouched."""
        if self._job is not None:
            self._job.cancel()
        self._end()

    def _end(self) -> None:
        self._job = None
        self.progress.hide()
        self.cancel.hide()
        self.go.setEnabled(True)


def _secret(name: str) -> QLineEdit:
    result = QLineEdit()
    result.setEchoMode(QLineEdit.EchoMode.Password)
    result.setAccessibleName(name)
    result.setPlaceholderText(name)
    result.setFixedWidth(FIELD_WIDTH_PX)
    return result
