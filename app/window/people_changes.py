"""What the People page offers beyond a name: merge, split, terms, erase, history, undo, redo."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from app.present.history import certificate_sentences, entry_words, preview_sentences
from app.widgets.notice_bar import NoticeKind
from app.window.actions import ChangeActions, Desk, KeptPicture, Person
from app.window.asking import Question
from app.window.history_dialog import HistoryDialog
from app.window.subject_dialogs import SplitDialog, TermsDialog
from core.domain.erasure import ErasureCertificate
from core.domain.history import ChangePreview, HistoryEntry
from core.domain.template import ReferenceId, Subject, SubjectId

PAIR = 2

Answer = TypeVar("Answer")


class PeopleChanges(QObject):
    """Actions on the people who are selected; each says what it did, and how to take it back."""

    def __init__(
        self,
        page: QWidget,
        desk: Desk,
        changes: ChangeActions,
        selected: Callable[[], list[Person]],
        changed: Callable[[], None],
    ) -> None:
        """Make the actions.

        Args:
            page: Parent of dialogs; shortcuts work while it is in view.
            desk: For notices and the storage thread.
            changes: What can be asked of the gallery.
            selected: Who is selected now.
            changed: Called after something changed.
        """
        super().__init__(page)
        self._page, self._desk, self._changes = page, desk, changes
        self._selected, self._changed = selected, changed
        self.menu = QMenu(page)
        self.merge = self._action("Merge two people into one…", self.ask_to_merge)
        self.split = self._action("Split into two people…", self.ask_to_split)
        self.terms = self._action("Consent and last day…", self.ask_for_terms)
        self.menu.addSeparator()
        self.history = self._action("History…", self.show_history)
        self.undo = self._action("Undo", self.take_back, QKeySequence.StandardKey.Undo)
        self.redo = self._action("Redo", self.do_again, QKeySequence.StandardKey.Redo)
        self.menu.addSeparator()
        self.erase = self._action("Erase for good…", self.ask_to_erase)
        self.update_for([])

    def _action(
        self,
        words: str,
        act: Callable[[], None],
        key: QKeySequence.StandardKey | None = None,
    ) -> QAction:
        action = QAction(words, self)
        action.triggered.connect(act)
        self.menu.addAction(action)
        if key is not None:
            action.setShortcut(QKeySequence(key))
            self._page.addAction(action)
        return action

    def update_for(self, people: list[Person]) -> None:
        """Offer what is possible with so many people."""
        self.merge.setEnabled(len(people) == PAIR)
        one = len(people) == 1
        self.split.setEnabled(one and people[0].subject.references > 1)
        self.terms.setEnabled(one)
        self.erase.setEnabled(bool(people))

    # Merging and splitting.

    def ask_to_merge(self) -> None:
        """Say what merging the two selected people would do, and ask."""
        people = self._selected()
        if len(people) == PAIR:
            # Who has more pictures keeps the name.
            first, second = sorted(people, key=lambda one: -one.subject.references)
            ids = first.subject.subject_id, second.subject.subject_id
            preview = partial(self._changes.preview_merge, *ids)
            self._submit(preview, partial(self._ask_to_merge, *ids))

    def _ask_to_merge(self, into: SubjectId, other: SubjectId, preview: ChangePreview) -> None:
        sentences = (*preview_sentences(preview), "This can be undone.")
        merge = partial(self._changes.merge, into, other)
        act = ("Merge", partial(self._submit, merge, self._merged))
        Question(self._page, "Are these two the same person?", sentences, act)

    def _merged(self, subject: Subject) -> None:
        self._say(f"{subject.name} has {subject.references} pictures now.")

    def ask_to_split(self) -> None:
        """Undo the newest merge into the selected person, or ask for pictures."""
        for person in self._selected()[:1]:
            newest = partial(self._changes.newest_merge, person.subject.subject_id)
            self._submit(newest, partial(self._split_or_ask, person.subject))

    def _split_or_ask(self, subject: Subject, number: int | None) -> None:
        if number is None:
            pictures = partial(self._changes.pictures, subject.subject_id)
            self._submit(pictures, partial(self._ask_for_pictures, subject))
            return
        preview = partial(self._changes.preview_undo, number)
        self._submit(preview, partial(self._ask_to_unmerge, subject))

    def _ask_to_unmerge(self, subject: Subject, preview: ChangePreview) -> None:
        undo = partial(self._changes.undo, preview.number)
        act = ("Take apart", partial(self._submit, undo, self._undone))
        title = f"Take the newest merge into {subject.name} apart?"
        Question(self._page, title, preview_sentences(preview), act)

    def _ask_for_pictures(self, subject: Subject, pictures: tuple[KeptPicture, ...]) -> None:
        SplitDialog(self._page, subject, pictures, partial(self._split, subject.subject_id))

    def _split(self, subject_id: SubjectId, ids: tuple[ReferenceId, ...], name: str) -> None:
        self._submit(partial(self._changes.split, subject_id, ids, name), self._split_off)

    def _split_off(self, subject: Subject) -> None:
        self._say(f"{subject.name} has {subject.references} of the pictures now.")

    # How long, and the end.

    def ask_for_terms(self) -> None:
        """Ask on what consent, and until when, the selected person is kept."""
        for person in self._selected()[:1]:
            subject = person.subject
            TermsDialog(self._page, subject, partial(self._keep, subject.subject_id))

    def _keep(self, subject_id: SubjectId, consent: str, day: date | None) -> None:
        set_terms = partial(self._changes.set_terms, subject_id, consent, day)
        self._submit(set_terms, self._kept)

    def _kept(self, subject: Subject) -> None:
        until = f"until {subject.retain_until}" if subject.retain_until else "without a last day"
        self._say(f"{subject.name} is kept {until}.")

    def ask_to_erase(self) -> None:
        """Ask whether everything about the selected people is to be destroyed."""
        people = self._selected()
        if not people:
            return
        words = people[0].subject.name if len(people) == 1 else f"{len(people)} people"
        ids = tuple(person.subject.subject_id for person in people)
        sentences = (
            "Everything kept about them is destroyed: names, templates, pictures, what could be "
            "undone, and what older backups beside the gallery hold.",
            "This cannot be undone. Delete can.",
        )
        act = ("Erase for good", partial(self._submit, partial(self._erase, ids), self._erased))
        Question(self._page, f"Erase {words} for good?", sentences, act, danger=True)

    def _erase(self, ids: tuple[SubjectId, ...]) -> tuple[ErasureCertificate, ...]:
        return tuple(self._changes.erase(subject_id) for subject_id in ids)

    def _erased(self, certificates: tuple[ErasureCertificate, ...]) -> None:
        whole = all(one.complete for one in certificates)
        kind = NoticeKind.DONE if whole else NoticeKind.ERROR  # an error stays until it is read
        sentences = [words for one in certificates[:1] for words in certificate_sentences(one)]
        self._desk.notices.say(" ".join(("Erased.", *sentences)), kind)
        self._changed()

    # Taking back.

    def show_history(self) -> None:
        """Show all changes."""
        HistoryDialog(self._page, self._desk, self._changes, self._changed)

    def take_back(self) -> None:
        """Undo the newest change."""
        self._submit(partial(self._changes.undo, None), self._undone)

    def do_again(self) -> None:
        """Redo what was undone last."""
        self._submit(self._changes.redo, self._redone)

    def _undone(self, entry: HistoryEntry) -> None:
        act = ("Redo", self.do_again)
        self._desk.notices.say(f"Undone: {entry_words(entry)}.", NoticeKind.PLAIN, act=act)
        self._changed()

    def _redone(self, entry: HistoryEntry) -> None:
        self._say(f"Done again: {entry_words(entry)}.")

    def _say(self, words: str) -> None:
        self._desk.notices.say(words, act=("Undo", self.take_back))
        self._changed()

    def _submit(self, work: Callable[[], Answer], done: Callable[[Answer], None]) -> None:
        self._desk.storage.submit(work, done, self._failed)

    def _failed(self, error: Exception) -> None:
        self._desk.notices.error(error)
        self._changed()
