"""People: who is enrolled; search, rename, delete and take it back."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QStackedWidget,
    QTableView,
    QWidget,
)

from app.widgets.elements import EmptyState, button, label, page_layout, row
from app.widgets.notice_bar import NoticeKind
from app.widgets.theme import GAP_S
from app.window.actions import Actions, Desk, Person
from app.window.people_changes import PeopleChanges
from app.window.people_model import NAME, NOTE, PORTRAIT_PX, ROW_PX, PeopleFilter, PeopleModel
from core.domain.template import Subject, SubjectId

SEARCH_WIDTH_PX = 280
NAME_WIDTH_PX = 300
OTHER_WIDTH_PX = 150
HEADER_PX = 38


class PeoplePage(QWidget):
    """A table over the gallery."""

    enrolment_wanted = Signal()
    verification_wanted = Signal(str)

    def __init__(self, desk: Desk, actions: Actions) -> None:
        super().__init__()
        self._desk, self._actions = desk, actions
        self.model = PeopleModel(desk.look, self._rename)
        self.filter = PeopleFilter(self.model)
        self.table = self._build_table()
        self.search = QLineEdit()
        self.search.setAccessibleName("Search people")
        self.search.setPlaceholderText("Search names and notes (Ctrl+F)")
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(SEARCH_WIDTH_PX)
        self.search.textChanged.connect(self._search)
        self._count = label("", "muted", wrap=False)
        self.verify = button("Verify", self._verify_selected, tip="Verify as this person (Enter)")
        self.rename = button("Rename", self._edit_selected, tip="Rename in place (F2)")
        self.delete = button("Delete", self._delete_selected, tip="Delete (Del); can be undone")
        desk.look.dress(self.verify, "verify")
        desk.look.dress(self.rename, "rename")
        desk.look.dress(self.delete, "delete")
        self.changes = PeopleChanges(self, desk, actions.changes, self._selected, self.reload)
        self.more = button("More", self._show_more, tip="Merge, split, erase, history, undo")
        desk.look.dress(self.more, "down")
        tools = row(
            self.search,
            self._count,
            1,
            self.verify,
            self.rename,
            self.delete,
            self.more,
            spacing=GAP_S,
        )
        self._enrol = button("Enrol somebody", self._want_enrolment, kind="primary")
        desk.look.dress(self._enrol, "enrol", "on_accent")
        empty = EmptyState(
            desk.look,
            "people",
            "Nobody is enrolled yet",
            "Enrol a person with five live captures or a few pictures; the program then knows "
            "the face again.",
            self._enrol,
        )
        nobody = EmptyState(
            desk.look, "search", "Nobody matches", "No name and no note holds these letters."
        )
        self._stack = QStackedWidget()
        for page in (self.table, empty, nobody):
            self._stack.addWidget(page)
        layout = page_layout(
            self,
            "People",
            "Everybody who can be recognised, on this computer only.",
            tools,
        )
        layout.addWidget(self._stack, 1)
        self._shortcut(QKeySequence.StandardKey.Delete, self._delete_selected)
        self._shortcut(QKeySequence.StandardKey.Find, self.search.setFocus)
        self._shortcut(QKeySequence("F2"), self._edit_selected)
        self._update()

    def _build_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.filter)
        table.setAccessibleName("Enrolled people")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setEditTriggers(
            QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.DoubleClicked
        )
        table.setIconSize(QSize(PORTRAIT_PX, PORTRAIT_PX))
        table.setShowGrid(False)
        table.setSortingEnabled(True)
        table.sortByColumn(NAME, Qt.SortOrder.AscendingOrder)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(ROW_PX)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setFixedHeight(HEADER_PX)
        header.resizeSections(QHeaderView.ResizeMode.Interactive)
        header.setDefaultSectionSize(OTHER_WIDTH_PX)
        header.resizeSection(NAME, NAME_WIDTH_PX)
        header.setSectionResizeMode(NOTE, QHeaderView.ResizeMode.Stretch)
        table.selectionModel().selectionChanged.connect(self._update)
        table.activated.connect(self._verify_row)
        return table

    def _shortcut(
        self, key: QKeySequence.StandardKey | QKeySequence, act: Callable[[], None]
    ) -> None:
        shortcut = QShortcut(QKeySequence(key), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(act)

    # The page's life.

    def enter(self) -> None:
        """The page comes into view."""
        self.reload()
        self.table.setFocus()

    def leave(self) -> None:
        """The page goes out of view."""

    def reload(self) -> None:
        """Read who is enrolled."""
        people = self._actions.storage.people
        self._desk.storage.submit(people, self._show, self._desk.notices.error)

    def _show(self, people: tuple[Person, ...]) -> None:
        selected = {person.subject.subject_id for person in self._selected()}
        self.model.show_people(people)
        self._select(selected)
        self._update()

    def _search(self, text: str) -> None:
        self.filter.search(text)
        self._update()

    def _update(self) -> None:
        everybody, shown = len(self.model.people), self.filter.rowCount()
        self._stack.setCurrentIndex(1 if not everybody else 0 if shown else 2)
        self._count.setText(_count(everybody, shown))
        people = self._selected()
        chosen = len(people)
        self.changes.update_for(people)
        self.search.setEnabled(everybody > 0)
        self.verify.setEnabled(chosen == 1)
        self.rename.setEnabled(chosen == 1)
        self.delete.setEnabled(chosen > 0)

    def _selected(self) -> list[Person]:
        rows = self.table.selectionModel().selectedRows(NAME)
        return [self.model.person(self.filter.mapToSource(index).row()) for index in rows]

    def _select(self, subjects: set[SubjectId]) -> None:
        selection = self.table.selectionModel()
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for line in range(self.filter.rowCount()):
            index = self.filter.index(line, NAME)
            person = self.model.person(self.filter.mapToSource(index).row())
            if person.subject.subject_id in subjects:
                selection.select(index, flags)
                selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)

    def _want_enrolment(self) -> None:
        self.enrolment_wanted.emit()

    def _verify_selected(self) -> None:
        for person in self._selected()[:1]:
            self.verification_wanted.emit(person.subject.subject_id)

    def _verify_row(self, index: QModelIndex) -> None:
        person = self.model.person(self.filter.mapToSource(index).row())
        self.verification_wanted.emit(person.subject.subject_id)

    # Renaming.

    def _edit_selected(self) -> None:
        for index in self.table.selectionModel().selectedRows(NAME)[:1]:
            self.table.setCurrentIndex(index)
            self.table.edit(index)

    def _rename(self, subject_id: SubjectId, name: str) -> None:
        self._desk.storage.submit(
            partial(self._actions.storage.rename, subject_id, name), self._renamed, self._failed
        )

    def _renamed(self, subject: Subject) -> None:
        self._desk.notices.say(f"Renamed to {subject.name}.")
        self.reload()

    # Deleting.

    def _delete_selected(self) -> None:
        people = self._selected()
        if not people:
            return
        subjects = tuple(person.subject.subject_id for person in people)
        words = people[0].subject.name if len(people) == 1 else f"{len(people)} people"
        self._desk.storage.submit(
            partial(self._actions.storage.delete, subjects),
            partial(self._deleted, words),
            self._failed,
        )

    def _deleted(self, words: str, numbers: tuple[int, ...]) -> None:
        self._desk.notices.say(
            f"Deleted {words}.", NoticeKind.PLAIN, act=("Undo", partial(self._undo, numbers))
        )
        self.reload()

    def _undo(self, numbers: tuple[int, ...]) -> None:
        self._desk.storage.submit(partial(self._undo_all, numbers), self._restored, self._failed)

    def _undo_all(self, numbers: tuple[int, ...]) -> None:
        for number in reversed(numbers):
            self._actions.changes.undo(number)

    def _restored(self, _nothing: None) -> None:
        self._desk.notices.say("Nothing was deleted.")
        self.reload()

    def _show_more(self) -> None:
        self.changes.menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def _failed(self, error: Exception) -> None:
        self._desk.notices.error(error)
        self.reload()


def _count(everybody: int, shown: int) -> str:
    if everybody == shown:
        return f"{everybody} {'person' if everybody == 1 else 'people'}" if everybody else ""
    return f"{shown} of {everybody}"
