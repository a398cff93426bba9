"""Exchange: people out to a file and in from one, with a list to look at beforehand."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from app.present.importing import compared, outcome, refused, summary
from app.runtime.threads import Job, Progress
from app.widgets.elements import EmptyState, button, card, label, page_layout, row
from app.widgets.theme import GAP_L, GAP_S
from app.window.actions import Actions, Arrived, Desk
from app.window.export_card import ExportCard
from core.attempts.incoming import Incoming
from core.domain.importing import ImportPlan, OnConflict

CONFLICTS = (
    (OnConflict.KEEP, "Leave them as they are"),
    (OnConflict.MERGE, "Add the pictures that are missing"),
    (OnConflict.REPLACE, "Replace them"),
    (OnConflict.RENAME, "Add them beside, under another name"),
)
COLUMNS = ("Name", "Compared with who is enrolled", "What happens")
FIELD_WIDTH_PX = 300
FILES = "People (*.pfgallery *.sqlite *.db *.zip);;All files (*)"


class ExchangePage(QWidget):
    """Export above, import below."""

    def __init__(self, desk: Desk, actions: Actions) -> None:
        super().__init__()
        self._desk, self._actions = desk, actions
        self._incoming: Incoming | None = None
        self._job: Job | None = None
        self.export = ExportCard(desk, actions)
        layout = page_layout(
            self,
            "Exchange",
            "Take everybody along to another computer, or bring people in. Nothing leaves this "
            "computer by itself.",
            self.export,
            self._import_card(),
        )
        layout.setStretch(layout.count() - 1, 1)
        self._show_plan(None)

    def _import_card(self) -> QFrame:
        self.passphrase = QLineEdit()
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self.passphrase.setAccessibleName("Passphrase of the archive")
        self.passphrase.setPlaceholderText("Passphrase, if the archive is sealed")
        self.passphrase.setFixedWidth(FIELD_WIDTH_PX)
        self.from_file = button("From a file…", self._choose_file, tip="An archive or a database")
        self.from_folder = button(
            "From pictures…", self._choose_folder, tip="A folder with one folder a person"
        )
        self._desk.look.dress(self.from_file, "add")
        self._desk.look.dress(self.from_folder, "folder")
        self.conflict = QComboBox()
        self.conflict.setAccessibleName("People who are enrolled with other pictures")
        for choice, words in CONFLICTS:
            self.conflict.addItem(words, choice)
        self.conflict.currentIndexChanged.connect(self._review)
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setAccessibleName("What the import brings")
        self.table.setHorizontalHeaderLabels(list(COLUMNS))
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        nothing = EmptyState(
            self._desk.look,
            "exchange",
            "Nothing chosen yet",
            "You see everybody here first.",
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(nothing)
        self._stack.addWidget(self.table)
        self.summary = label("", wrap=False)
        self.refused = label("", "muted")
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Import")
        self.progress.setTextVisible(False)
        self.cancel = button("Cancel", self._cancel)
        self.go = button("Import", self._bring_in, kind="primary")
        self._desk.look.dress(self.go, "save", "on_accent")
        conflict_words = label("Who is enrolled with other pictures", "muted", wrap=False)
        return card(
            label("Bring people in", "title"),
            label(
                "From an archive, a plain copy, InsightFace Evaluation Studio's database, or a "
                "folder with one folder of pictures for each person. You see what would happen "
                "before anything does, and it can be undone.",
                "muted",
            ),
            row(self.from_file, self.from_folder, self.passphrase, 1, spacing=GAP_S),
            row(conflict_words, self.conflict, 1, spacing=GAP_S),
            self.progress,
            self._stack,
            self.refused,
            row(self.summary, 1, self.cancel, self.go, spacing=GAP_L),
        )

    def enter(self) -> None:
        """The page comes into view."""
        self.export.format.setFocus()

    def leave(self) -> None:
        """The page goes out of view; what was read is forgotten."""
        self._cancel()

    # Choosing and looking.

    def _choose_file(self) -> None:
        self._choose(QFileDialog.FileMode.ExistingFile, FILES)

    def _choose_folder(self) -> None:
        self._choose(QFileDialog.FileMode.Directory, "")

    def _choose(self, mode: QFileDialog.FileMode, names: str) -> None:
        dialog = QFileDialog(self, "Choose where people come from", "", names)
        dialog.setFileMode(mode)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._chosen)
        dialog.open()

    def _chosen(self, name: str) -> None:
        self.read(Path(name))

    def read(self, path: Path) -> None:
        """Find out who would come from `path`."""
        self._show_plan(None)
        self._begin_work()
        passphrase = self.passphrase.text()
        read = partial(self._actions.transfer.read, path, passphrase)
        self._job = self._desk.background.submit_long(
            read, self._was_read, self._failed, self._show_progress
        )

    def _was_read(self, incoming: Incoming) -> None:
        self._incoming = incoming
        self._review()

    def _review(self) -> None:
        if self._incoming is None:
            return
        self._begin_work()
        review = partial(self._actions.transfer.review, self._incoming, self._on_conflict)
        self._job = self._desk.storage.submit_long(
            review, self._show_plan, self._failed, self._show_progress
        )

    @property
    def _on_conflict(self) -> OnConflict:
        return CONFLICTS[self.conflict.currentIndex()][0]

    def _show_plan(self, plan: ImportPlan | None) -> None:
        self._end_work()
        rows = () if plan is None else plan.subjects
        self.table.setRowCount(len(rows))
        for number, subject in enumerate(rows):
            cells = (subject.name, compared(subject), outcome(subject, done=False))
            for column_number, text in enumerate(cells):
                self.table.setItem(number, column_number, QTableWidgetItem(text))
        self._stack.setCurrentIndex(1 if rows else 0)
        self.summary.setText("" if plan is None else summary(plan, done=False))
        pictures = () if self._incoming is None or plan is None else self._incoming.refused
        lines = (f"{it.person}, {it.path.name}: {refused(it)}" for it in pictures)
        self.refused.setText("\n".join(lines))
        self.refused.setVisible(bool(pictures))
        self.conflict.setEnabled(plan is not None)
        self.go.setVisible(plan is not None)
        self.go.setEnabled(plan is not None and plan.changes > 0)
        self.cancel.setVisible(plan is not None)
        if plan is not None:
            (self.go if plan.changes else self.cancel).setFocus()

    # Doing.

    def _bring_in(self) -> None:
        if self._incoming is None:
            return
        self._begin_work()
        bring_in = partial(self._actions.transfer.bring_in, self._incoming, self._on_conflict)
        self._job = self._desk.storage.submit_long(
            bring_in, self._arrived, self._failed, self._show_progress
        )

    def _arrived(self, arrived: Arrived) -> None:
        self._forget()
        words = summary(arrived.plan, done=True)
        if arrived.missing:
            words += f" The model in use does not know {arrived.missing:,} pictures."
        number = arrived.plan.entry
        undo = None if number is None else ("Undo", partial(self._undo, number))
        self._desk.notices.say(words, act=undo)

    def _undo(self, number: int) -> None:
        undo = partial(self._actions.changes.undo, number)
        self._desk.storage.submit(undo, self._undone, self._desk.notices.error)

    def _undone(self, _entry: object) -> None:
        self._desk.notices.say("The import was undone.")

    # Work in progress.

    def _begin_work(self) -> None:
        self.progress.setRange(0, 0)
        self.progress.show()
        self.cancel.show()
        for part in (self.from_file, self.from_folder, self.conflict, self.go):
            part.setEnabled(False)

    def _show_progress(self, progress: Progress) -> None:
        self.progress.setRange(0, max(1, progress.total))
        self.progress.setValue(progress.done)

    def _end_work(self) -> None:
        self._job = None
        self.progress.hide()
        self.from_file.setEnabled(True)
        self.from_folder.setEnabled(True)

    def _cancel(self) -> None:
        """Stop what runs; nothing was changed by it."""
        if self._job is not None:
            self._job.cancel()
        self._forget()

    def _forget(self) -> None:
        self._incoming = None
        self.passphrase.clear()
        self._show_plan(None)
        if self.isVisible():
            self.from_file.setFocus()  # what had the focus may be hidden now

    def _failed(self, error: Exception) -> None:
        self._incoming = None
        self._show_plan(None)
        self._desk.notices.error(error)
        self.passphrase.setFocus()
