"""The table of enrolled people: values for Qt's view, and the wish to rename one."""

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QIcon

from app.widgets.look import Look
from app.widgets.portrait import round_pixmap
from app.window.actions import Person
from core.domain.template import SubjectId

HEADERS = ("Person", "Pictures", "Enrolled", "Note")
NAME, PICTURES, ENROLLED, NOTE = range(len(HEADERS))
PORTRAIT_PX = 44
ROW_PX = 60

Index = QModelIndex | QPersistentModelIndex


class PeopleModel(QAbstractTableModel):
    """One row a person."""

    def __init__(self, look: Look, rename: Callable[[SubjectId, str], None]) -> None:
        """Begin empty.

        Args:
            look: For the pictures.
            rename: Called when a name was edited; the table shows it once it is stored.
        """
        super().__init__()
        self._look = look
        self._rename = rename
        self._people: tuple[Person, ...] = ()
        self._portraits: dict[SubjectId, QIcon] = {}
        look.follow(self._redraw)

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody, in the order of the rows."""
        return self._people

    def show_people(self, people: tuple[Person, ...]) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self._people = people
        self._portraits = {
            person.subject.subject_id: _portrait(person, self._look) for person in people
        }
        self.endResetModel()

    def person(self, row: int) -> Person:
        """Who is in a row."""
        return self._people[row]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """How many people."""
        return 0 if parent.isValid() else len(self._people)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """How many facts of each."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | None:
        """The words above a column."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """One fact, its picture, or its accessible words."""
        person, column = self._people[index.row()], index.column()
        if role == Qt.ItemDataRole.DecorationRole and column == NAME:
            return self._portraits[person.subject.subject_id]
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole}:
            return _words(person, column)
        if role == Qt.ItemDataRole.SizeHintRole:
            return QSize(0, ROW_PX)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Names can be edited in place."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == NAME else flags

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Ask for another name."""
        subject = self._people[index.row()].subject
        name = str(value).strip()
        if role != Qt.ItemDataRole.EditRole or name == subject.name:
            return False
        self._rename(subject.subject_id, name)
        return True

    def _redraw(self) -> None:
        self.show_people(self._people)


class PeopleFilter(QSortFilterProxyModel):
    """Rows whose name or note holds what is searched for, whatever its case."""

    def __init__(self, model: PeopleModel) -> None:
        super().__init__()
        self._wanted = ""
        self._model = model
        self.setSourceModel(model)

    def search(self, text: str) -> None:
        """Show only what matches."""
        self._wanted = text.strip().casefold()
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:  # noqa: ARG002 - Qt's
        """Whether a row matches."""
        subject = self._model.person(source_row).subject
        return self._wanted in f"{subject.name}\n{subject.note}".casefold()


def _portrait(person: Person, look: Look) -> QIcon:
    pixmap = round_pixmap(person.picture, PORTRAIT_PX, look)
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # else Qt tints the face of a selected row
    return icon


def _words(person: Person, column: int) -> str:
    subject = person.subject
    if column == NAME:
        return subject.name
    if column == PICTURES:
        unusable = subject.references - person.usable
        hint = f" ({unusable} of another model)" if unusable else ""
        return f"{subject.references}{hint}"
    if column == ENROLLED:
        return _day(subject.enrolled_at)
    return " ".join(subject.note.split())


def _day(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d}"
