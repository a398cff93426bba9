"""Measuring an added model on pictures of known people, so that it can decide."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.runtime.threads import Job, Progress
from app.widgets.elements import column
from app.widgets.notice_bar import NoticeKind
from app.widgets.progress_strip import ProgressStrip
from app.window.actions import Actions, Desk
from core.attempts.measuring import Measured


class MeasurePanel(QWidget):
    """Hidden while nothing runs."""

    changed = Signal()  # a model has other operating points

    def __init__(self, desk: Desk, actions: Actions) -> None:
        super().__init__()
        self._desk, self._actions = desk, actions
        self._job: Job | None = None
        self.strip = ProgressStrip("Measuring")
        self.strip.cancelled.connect(self._cancel)
        self.setLayout(column(self.strip))

    def choose(self, name: str) -> None:
        """Ask for the folder, then measure."""
        title = "Choose a folder with one folder of pictures a person"
        dialog = QFileDialog(self, title)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(partial(self._chosen, name))
        dialog.open()

    def _chosen(self, name: str, folder: str) -> None:
        self.measure(name, Path(folder))

    def measure(self, name: str, folder: Path) -> None:
        """Compare all pictures in `folder` with each other by this model."""
        if self._job is not None:
            self._job.cancel()
        self.strip.begin(f"Measuring {name}…")
        measure = partial(self._actions.background.measure_model, name, folder)
        self._job = self._desk.background.submit_long(
            measure, partial(self._measured, name), self._failed, self._progress
        )

    def _progress(self, progress: Progress) -> None:
        self.strip.tell(progress.done, progress.total)

    def _measured(self, name: str, found: Measured) -> None:
        self._end()
        left_out = sum(found.left_out.values())
        words = (
            f"Measured {name} on {found.pictures:,} pictures of {found.people:,} people: "
            f"{found.mated:,} comparisons of one person, {found.non_mated:,} of two. It can "
            f"decide down to an FMR of {found.points[-1].target_fmr:g}."
        )
        if left_out:
            words += (
                f" {left_out:,} {'picture' if left_out == 1 else 'pictures'} could not be used."
            )
        self._desk.notices.say(words, NoticeKind.CAUTION if left_out else NoticeKind.DONE)
        self.changed.emit()

    def _failed(self, error: Exception) -> None:
        self._end()
        self._desk.notices.error(error)

    def _cancel(self) -> None:
        """Nothing was written."""
        if self._job is not None:
            self._job.cancel()
        self._end()

    def _end(self) -> None:
        self._job = None
        self.strip.end()
