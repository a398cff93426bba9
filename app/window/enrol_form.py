"""Who is to be enrolled: name, note, consent, and the words on what will be kept."""

from datetime import UTC, date, datetime

from PySide6.QtCore import QDate
from PySide6.QtWidgets import QCheckBox, QDateEdit, QFrame, QLineEdit, QPlainTextEdit

from app.widgets.elements import column, label, row, rule
from app.widgets.theme import GAP_L, GAP_S, GAP_XS

WIDTH_PX = 320
NOTE_HEIGHT_PX = 72
LONGEST_NAME = 200  # as the gallery allows

LIMITED = "Keep only until"
CONSENT = "This person agrees to be enrolled"
KEPT = (
    "Kept on this computer only, encrypted: one template a capture, from which nobody can be "
    "recognised by eye"
)
STEPS = (
    "1.  Name the person, and ask whether they agree.",
    "2.  With the camera: look straight, then left, right, up and down, as it asks. From "
    "pictures: a few good ones of this one person.",
    "3.  Check what was taken, then choose Enrol.",
)
CROPS = ", and the small cut-out face, so that a change of model needs no new enrolment."
NO_CROPS = ". The pictures themselves are forgotten."


class EnrolForm(QFrame):
    """The left side of the enrol page."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("card", True)  # noqa: FBT003 - Qt's signature
        self.setFixedWidth(WIDTH_PX)
        self.setAccessibleName("Who is to be enrolled")
        self.name = QLineEdit()
        self.name.setAccessibleName("Name")
        self.name.setPlaceholderText("For example: Anna Winter")
        self.name.setMaxLength(LONGEST_NAME)
        self.note = QPlainTextEdit()
        self.note.setAccessibleName("Note")
        self.note.setPlaceholderText("Optional")
        self.note.setFixedHeight(NOTE_HEIGHT_PX)
        self.note.setTabChangesFocus(True)
        self.consent = QCheckBox(CONSENT)
        self.consent.setAccessibleName(CONSENT)
        self.limited = QCheckBox(LIMITED)
        self.limited.setAccessibleName(LIMITED)
        self.day = QDateEdit(QDate.currentDate().addYears(1))
        self.day.setAccessibleName("Last day")
        self.day.setCalendarPopup(True)
        self.day.setDisplayFormat("yyyy-MM-dd")
        self.day.setEnabled(False)
        self.limited.toggled.connect(self.day.setEnabled)
        self._kept = label("", "caption")
        name_label, note_label = label("Name", "strong"), label("Note", "strong")
        name_label.setBuddy(self.name)
        note_label.setBuddy(self.note)
        layout = column(
            column(name_label, self.name, spacing=GAP_XS),
            column(note_label, self.note, spacing=GAP_XS),
            self.consent,
            row(self.limited, self.day, 1),
            self._kept,
            rule(),
            label("How it goes", "strong"),
            *(label(words, "muted") for words in STEPS),
            1,
            spacing=GAP_L,
            margin=GAP_L,
        )
        layout.setSpacing(GAP_L - GAP_S // 2)
        self.setLayout(layout)
        self.say_what_is_kept(crops=True)

    def say_what_is_kept(self, *, crops: bool) -> None:
        """Word what an enrolment stores."""
        self._kept.setText(KEPT + (CROPS if crops else NO_CROPS))

    @property
    def complete(self) -> bool:
        """Whether there is a name and the person agrees."""
        return bool(self.name.text().strip()) and self.consent.isChecked()

    def note_text(self) -> str:
        """The note."""
        return self.note.toPlainText().strip()

    def consent_text(self) -> str:
        """On which day consent was given."""
        return f"Given on {datetime.now(UTC).date().isoformat()}."

    def last_day(self) -> date | None:
        """Until when the person may be kept; None for no limit."""
        if not self.limited.isChecked():
            return None
        chosen = self.day.date()
        return date(chosen.year(), chosen.month(), chosen.day())

    def clear(self) -> None:
        """Empty it for the next person."""
        self.name.clear()
        self.note.clear()
        self.consent.setChecked(False)
        self.limited.setChecked(False)
