"""Dialogs about one person: which pictures are somebody else's, and for how long to keep them."""

from collections.abc import Callable, Sequence
from datetime import date

from PySide6.QtCore import QDate, QSize, Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDateEdit,
    QDialog,
    QLineEdit,
    QListView,
    QListWidget,
    QListWidgetItem,
    QWidget,
)

from app.widgets.elements import breakable, button, column, label, row, set_tone
from app.widgets.theme import GAP_M, GAP_XL, GAP_XS
from app.window.actions import KeptPicture
from app.window.enrol_form import LIMITED
from core.domain.template import ReferenceId, Subject

WIDTH_PX = 560
TERMS_WIDTH_PX = 440
THUMB_PX = 96
LIST_HEIGHT_PX = 260


class SplitDialog(QDialog):
    """Asks which pictures show somebody else, and who that is."""

    def __init__(
        self,
        parent: QWidget,
        subject: Subject,
        pictures: Sequence[KeptPicture],
        split: Callable[[tuple[ReferenceId, ...], str], None],
    ) -> None:
        """Lay out and open.

        Args:
            parent: The window.
            subject: Whose pictures they are now.
            pictures: All of them.
            split: Gets the chosen ones and the new name.
        """
        super().__init__(parent)
        self._split = split
        self._count = len(pictures)
        self.setWindowTitle("Split a person")
        self.setFixedWidth(WIDTH_PX)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.pictures = QListWidget()
        self.pictures.setAccessibleName("Pictures of somebody else")
        self.pictures.setViewMode(QListView.ViewMode.IconMode)
        self.pictures.setSelectionMode(QAbstractItemView.SelectionMode.MultiSelection)
        self.pictures.setIconSize(QSize(THUMB_PX, THUMB_PX))
        self.pictures.setMovement(QListView.Movement.Static)
        self.pictures.setResizeMode(QListView.ResizeMode.Adjust)
        self.pictures.setFixedHeight(LIST_HEIGHT_PX)
        for picture in pictures:
            self.pictures.addItem(_item(picture))
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the other person")
        self.problem = label()
        set_tone(self.problem, "bad")
        self.problem.hide()
        self.go = button("Split", self._go, kind="primary")
        self.go.setDefault(True)
        self.setLayout(
            column(
                label(breakable(f"Which pictures are not {subject.name}?"), "headline"),
                self.pictures,
                column(label("Name of the other person", "strong"), self.name, spacing=GAP_XS),
                self.problem,
                row(1, button("Cancel", self.reject), self.go),
                spacing=GAP_M,
                margin=GAP_XL,
            )
        )
        self.open()

    def _go(self) -> None:
        chosen = self.pictures.selectedItems()
        if not chosen or len(chosen) == self._count:
            self._complain("Choose some of the pictures, but not all of them.")
        elif not self.name.text().strip():
            self._complain("Type the name of the other person.")
        else:
            ids = tuple(ReferenceId(item.data(Qt.ItemDataRole.UserRole)) for item in chosen)
            self.accept()
            self._split(ids, self.name.text())

    def _complain(self, words: str) -> None:
        self.problem.setText(words)
        self.problem.show()


class TermsDialog(QDialog):
    """Asks on what consent, and until which day, somebody is kept."""

    def __init__(
        self, parent: QWidget, subject: Subject, keep: Callable[[str, date | None], None]
    ) -> None:
        """Lay out and open.

        Args:
            parent: The window.
            subject: With the present terms.
            keep: Gets the new ones.
        """
        super().__init__(parent)
        self._keep = keep
        self.setWindowTitle("Consent and last day")
        self.setFixedWidth(TERMS_WIDTH_PX)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.consent = QLineEdit(subject.consent)
        self.consent.setAccessibleName("Consent")
        self.consent.setPlaceholderText("For example: in writing, 1 May")
        self.limited = QCheckBox(LIMITED)
        self.limited.setAccessibleName(LIMITED)
        last = subject.retain_until
        self.day = QDateEdit(
            QDate.currentDate().addYears(1)
            if last is None
            else QDate(last.year, last.month, last.day)
        )
        self.day.setAccessibleName("Last day")
        self.day.setCalendarPopup(True)
        self.day.setDisplayFormat("yyyy-MM-dd")
        self.limited.toggled.connect(self.day.setEnabled)
        self.limited.setChecked(last is not None)
        self.day.setEnabled(last is not None)
        self.go = button("Save", self._go, kind="primary")
        self.go.setDefault(True)
        self.setLayout(
            column(
                label(breakable(subject.name), "headline"),
                column(label("Consent", "strong"), self.consent, spacing=GAP_XS),
                row(self.limited, self.day, 1),
                label("After that day the Security page offers to erase the person.", "muted"),
                row(1, button("Cancel", self.reject), self.go),
                spacing=GAP_M,
                margin=GAP_XL,
            )
        )
        self.open()

    def _go(self) -> None:
        chosen = self.day.date()
        day = date(chosen.year(), chosen.month(), chosen.day())
        self.accept()
        self._keep(self.consent.text().strip(), day if self.limited.isChecked() else None)


def _item(picture: KeptPicture) -> QListWidgetItem:
    item = QListWidgetItem(picture.source or "picture")
    if picture.picture is not None:
        item.setIcon(QIcon(QPixmap.fromImage(picture.picture)))
    item.setData(Qt.ItemDataRole.UserRole, picture.reference_id)
    return item
