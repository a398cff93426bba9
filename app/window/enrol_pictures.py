"""The files half of the enrol page: pictures dropped or chosen, each judged in words."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QProgressBar, QWidget

from app.runtime.threads import Job, Progress
from app.widgets.drop_zone import DropZone
from app.widgets.elements import button, column, label
from app.widgets.theme import GAP_M
from app.window.actions import BackgroundActions, Desk, PictureOutcome
from app.window.enrol_review import OutcomeList

FILTER = (
    "Pictures (*.jpg *.jpeg *.png *.webp *.bmp *.tif *.tiff *.gif *.heic *.heif);;All files (*)"
)


class PictureCaptures(QWidget):
    """Looks at pictures on the background thread and lists what became of each."""

    looking = Signal()
    looked = Signal(list)  # the captures

    def __init__(self, desk: Desk, actions: BackgroundActions) -> None:
        super().__init__()
        self._desk, self._actions = desk, actions
        self._job: Job | None = None
        choose = button("Choose pictures…", self.choose)
        desk.look.dress(choose, "folder")
        self.zone = DropZone(
            desk.look,
            "Drop pictures here",
            "Several pictures of one person, one face in each. Folders work too.",
            choose,
        )
        self.zone.dropped.connect(self.look_at)
        self.outcomes = OutcomeList(desk.look)
        self.summary = label("", "muted")
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Pictures looked at")
        self.progress.setTextVisible(False)
        layout = column(self.zone, self.progress, self.outcomes, self.summary, spacing=GAP_M)
        layout.setStretch(0, 1)
        layout.setStretch(2, 1)
        self.setLayout(layout)
        self.clear()

    def clear(self) -> None:
        """Forget what was looked at."""
        if self._job is not None:
            self._job.cancel()
        self.outcomes.show_outcomes(())
        for part in (self.progress, self.outcomes, self.summary):
            part.hide()

    def choose(self) -> None:
        """Ask for files."""
        dialog = QFileDialog(self, "Choose pictures of one person", "", FILTER)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self._chosen)
        dialog.open()

    def _chosen(self, names: list[str]) -> None:
        self.look_at([Path(name) for name in names])

    def look_at(self, paths: Sequence[Path]) -> None:
        """Look at pictures, and at those in folders."""
        self.looking.emit()
        self.progress.setRange(0, 0)
        self.progress.show()
        self._job = self._desk.background.submit_long(
            partial(self._actions.captures_from, tuple(paths)),
            self._looked_at,
            self._failed,
            self._show_progress,
        )

    def _show_progress(self, progress: Progress) -> None:
        self.progress.setRange(0, max(1, progress.total))
        self.progress.setValue(progress.done)

    def _looked_at(self, outcomes: tuple[PictureOutcome, ...]) -> None:
        self.progress.hide()
        self.outcomes.show_outcomes(outcomes)
        captures = [entry.capture for entry in outcomes if entry.capture is not None]
        refused = len(outcomes) - len(captures)
        self.summary.setText(f"{_pictures(len(captures))} taken, {refused} not taken.")
        self.outcomes.show()
        self.summary.show()
        self.looked.emit(captures)

    def _failed(self, error: Exception) -> None:
        self.progress.hide()
        self._desk.notices.error(error)


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"
