"""Changing the model: what it would do, the question, and the work with its progress."""

from collections.abc import Iterator
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.present.swap import change_words, coverage, decisions, lost, points, recapture_words
from app.runtime.threads import Job, Progress
from app.widgets.elements import column
from app.widgets.progress_strip import ProgressStrip
from app.window.actions import Actions, Desk, ModelEntry
from app.window.asking import Question
from core.domain.retemplating import SwapPreview
from core.model_swap import Retemplating


class SwapPanel(QWidget):
    """Every batch is a job of its own, so that others get their turn."""

    changed = Signal(object)  # ModelEntry, which is in use now

    def __init__(self, desk: Desk, actions: Actions) -> None:
        super().__init__()
        self._desk, self._actions = desk, actions
        self._job: Job | None = None
        self.strip = ProgressStrip("Change of model")
        self.strip.cancelled.connect(self._cancel)
        self.setLayout(column(self.strip))

    def review(self, entry: ModelEntry) -> None:
        """Find out what a change to this model would do, and ask."""
        self._begin(f"Looking at the kept pictures with {entry.name}…")
        preview = partial(self._actions.swap.preview, entry.name)
        self._job = self._desk.storage.submit_long(
            preview, partial(self._ask, entry), self._failed, self._show_progress
        )

    def _ask(self, entry: ModelEntry, preview: SwapPreview) -> None:
        self._end()
        Question(
            self.window(),
            f"Use {entry.name}?",
            list(_sentences(entry, preview)),
            ("Use this model", partial(self._start, entry)),
            danger=lost(preview) > 0,
        )

    # The work.

    def _start(self, entry: ModelEntry) -> None:
        self._begin(f"Making templates with {entry.name}…")
        begin = partial(self._actions.swap.begin, entry.name)
        self._job = self._desk.storage.submit(begin, partial(self._next, entry), self._failed)

    def _next(self, entry: ModelEntry, work: Retemplating) -> None:
        """One batch more, or the change itself."""
        self._show_progress(Progress(work.done, work.total))
        if work.done < work.total:
            self._job = self._desk.storage.submit(
                work.step, lambda _more: self._next(entry, work), self._failed
            )
            return
        finish = partial(self._actions.swap.finish, entry.name)
        self._job = self._desk.storage.submit(finish, partial(self._finished, entry), self._failed)

    def _finished(self, entry: ModelEntry, _nothing: None) -> None:
        self._end()
        self.changed.emit(entry)

    def _begin(self, words: str) -> None:
        if self._job is not None:
            self._job.cancel()
        self.strip.begin(words)

    def _show_progress(self, progress: Progress) -> None:
        self.strip.tell(progress.done, progress.total)

    def _end(self) -> None:
        self._job = None
        self.strip.end()

    def _cancel(self) -> None:
        """The former model stays in use; what was made is kept for another time."""
        if self._job is not None:
            self._job.cancel()
        self._end()
        self._desk.notices.say("The model was not changed.")

    def _failed(self, error: Exception) -> None:
        self._end()
        self._desk.notices.error(error)


def _sentences(entry: ModelEntry, preview: SwapPreview) -> Iterator[str]:
    if entry.card is not None and entry.card.non_commercial:
        yield f"It may not be used commercially (licence: {entry.card.licence})."
    yield coverage(preview)
    yield points(preview)
    yield decisions(preview)
    yield from (recapture_words(person) for person in preview.recapture)
    yield from (change_words(change) for change in preview.changes)
