"""Settings: edits one value, says what needs a restart, saves."""

from functools import partial

import msgspec
from msgspec import structs
from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QScrollArea,
    QSpinBox,
    QWidget,
)

from app.widgets.elements import badge, button, card, column, label, page_layout, row
from app.widgets.notice_bar import NoticeKind
from app.widgets.theme import GAP_L, GAP_M, GAP_S, GAP_XS
from app.window.actions import Actions, Desk
from core.capture.cameras import CameraInfo
from core.domain.operating_point import OperatingPoint
from core.errors import PocketfaceError, UsageError
from core.settings import Settings

FIELD_WIDTH_PX = 340
CARDS_WIDTH_PX = 760

POLICIES = {
    "largest": "The largest face",
    "centre": "The face nearest to the middle",
    "exactly-one": "None, unless exactly one face is in view",
}
THEMES = {"system": "As the system", "light": "Light", "dark": "Dark"}
KEY_STORES = {
    "auto": "The system's key ring if there is one, else a file",
    "keyring": "The system's key ring",
    "passphrase": "A passphrase, asked for at each start",
    "file": "A file beside the gallery",
}


class SettingsPage(QWidget):
    """One control for each setting."""

    saved = Signal(object)  # the new Settings

    def __init__(self, desk: Desk, actions: Actions) -> None:
        super().__init__()
        self._desk, self._actions = desk, actions
        self.source = QComboBox()
        self.source.setEditable(True)
        self.finder = button("Find cameras", self.find_cameras)
        desk.look.dress(self.finder, "again")
        self.fmr = QComboBox()
        self.policy = _choices(POLICIES)
        self.verify_timeout = _number(3600, " s")
        self.enrol_timeout = _number(3600, " s")
        self.theme = _choices(THEMES)
        self.crops = QCheckBox("Keep the cut-out faces, encrypted")
        self.key_store = _choices(KEY_STORES)
        self.undo_days = _number(3650, " days")
        self.kiosk = QCheckBox("Hide names and scores")
        self.audit = QCheckBox("Write verifications into the audit")
        self.attempts = _number(100, " failed attempts")
        self.attempts.setMinimum(0)
        self.attempts.setSpecialValueText("Never")
        self.pause = _number(3600, " s")
        self.threads = _number(64, "")
        self.save = button("Save", self.store, kind="primary")
        desk.look.dress(self.save, "save", "on_accent")
        self.revert = button("Revert", self.enter)
        desk.look.dress(self.revert, "undo")
        page = QWidget()
        page.setMaximumWidth(CARDS_WIDTH_PX)
        page.setLayout(column(*self._cards(), 1, spacing=GAP_M))
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setAccessibleName("All settings")
        scroll.setWidget(page)
        layout = page_layout(self, "Settings", "What you change here stays on this computer.")
        layout.addWidget(scroll, 1)
        layout.addLayout(row(1, self.revert, self.save, spacing=GAP_S))
        self._watch()

    def _cards(self) -> tuple[QFrame, ...]:
        line = row(self.source, self.finder, spacing=GAP_S)
        line.setStretch(0, 1)
        source = QWidget()
        source.setLayout(line)
        return (
            card(
                label("Camera", "title"),
                _field(
                    "Source",
                    "A camera, a file, a folder or a stream address",
                    source,
                    named=self.source,
                ),
                _field("Which face counts", "Where several are in view", self.policy),
                spacing=GAP_M,
            ),
            card(
                label("Decision", "title"),
                _field(
                    "Let a stranger through",
                    "At most this often, as measured on the model in "
                    "use; stricter turns away the right person more often",
                    self.fmr,
                ),
                _field(
                    "Verification ends",
                    "Without an answer, after so many seconds",
                    self.verify_timeout,
                ),
                _field("Enrolment ends", "Incomplete, after so many seconds", self.enrol_timeout),
                spacing=GAP_M,
            ),
            card(
                label("Privacy", "title"),
                _field("Kiosk", "From the person in front of the screen", self.kiosk),
                _field(
                    "Hold up attempts after", "Before the camera, until one works", self.attempts
                ),
                _field("For", "And for twice as long each further time", self.pause),
                _field("Audit", "Who was verified when, as an opaque id", self.audit),
                spacing=GAP_M,
            ),
            card(
                label("Appearance", "title"),
                _field("Theme", "", self.theme),
                spacing=GAP_M,
            ),
            card(
                row(label("Storage", "title"), badge("After a restart", "accent"), 1),
                _field(
                    "Key of the gallery",
                    "Of a new one; the Security page moves that of one that exists",
                    self.key_store,
                ),
                _field("Changes can be undone for", "Then they are final", self.undo_days),
                _field("Pictures", "A change of model then needs no new enrolment", self.crops),
                spacing=GAP_M,
            ),
            card(
                label("Speed", "title"),
                _field(
                    "Threads of each model",
                    "One is the fastest for a single face on most machines",
                    self.threads,
                ),
                spacing=GAP_M,
            ),
        )

    def _watch(self) -> None:
        for box in (self.source, self.fmr, self.policy, self.theme, self.key_store):
            box.currentTextChanged.connect(self._changed)
        for number in (
            self.verify_timeout,
            self.enrol_timeout,
            self.threads,
            self.undo_days,
            self.attempts,
            self.pause,
        ):
            number.valueChanged.connect(self._changed)
        for tick in (self.crops, self.kiosk, self.audit):
            tick.toggled.connect(self._changed)

    def enter(self) -> None:
        """Show the settings in use; edits that were not saved are gone."""
        settings = self._actions.live.settings()
        self.source.setEditText(settings.source)
        _show_rates(self.fmr, self._actions.live.points(), settings.target_fmr)
        for box, value in (
            (self.policy, settings.face_policy),
            (self.theme, settings.theme),
            (self.key_store, settings.key_store),
        ):
            box.setCurrentIndex(box.findData(value))
        self.verify_timeout.setValue(round(settings.verify_timeout_s))
        self.enrol_timeout.setValue(round(settings.enrol_timeout_s))
        self.threads.setValue(settings.threads)
        self.crops.setChecked(settings.keep_crops)
        self.undo_days.setValue(settings.undo_days)
        self.kiosk.setChecked(settings.kiosk)
        self.audit.setChecked(settings.audit_verifications)
        self.attempts.setValue(settings.attempt_limit)
        self.pause.setValue(round(settings.attempt_window_s))
        self._changed()

    def leave(self) -> None:
        """The page goes out of view."""

    def edited(self) -> Settings:
        """The settings as the controls stand.

        Raises:
            UsageError: A value that no setting may have.
        """
        before = self._actions.live.settings()
        fields = structs.asdict(before) | {
            "source": self.source.currentText().strip() or before.source,
            "target_fmr": self.fmr.currentData() or before.target_fmr,
            "face_policy": self.policy.currentData(),
            "verify_timeout_s": _seconds_of(self.verify_timeout, before.verify_timeout_s),
            "enrol_timeout_s": _seconds_of(self.enrol_timeout, before.enrol_timeout_s),
            "theme": self.theme.currentData(),
            "keep_crops": self.crops.isChecked(),
            "key_store": self.key_store.currentData(),
            "undo_days": self.undo_days.value(),
            "kiosk": self.kiosk.isChecked(),
            "audit_verifications": self.audit.isChecked(),
            "attempt_limit": self.attempts.value(),
            "attempt_window_s": _seconds_of(self.pause, before.attempt_window_s),
            "threads": self.threads.value(),
        }
        try:
            return msgspec.convert(fields, Settings)
        except msgspec.ValidationError as error:
            raise UsageError(reason=str(error)) from error

    def _changed(self) -> None:
        different = self.edited() != self._actions.live.settings()
        self.save.setEnabled(different)
        self.revert.setEnabled(different)

    def store(self) -> None:
        """Take the settings into use and save them."""
        try:
            settings = self.edited()
        except PocketfaceError as error:
            self._desk.notices.error(error)
            return
        before = self._actions.live.settings()
        apply = partial(self._actions.background.apply_settings, settings)
        done = partial(self._stored, before, settings)
        self._desk.background.submit(apply, done, self._desk.notices.error)

    def _stored(self, before: Settings, settings: Settings, _nothing: None) -> None:
        storage = (before.key_store, before.keep_crops, before.undo_days)
        later = storage != (settings.key_store, settings.keep_crops, settings.undo_days)
        words = "Saved. What concerns storage takes effect after a restart." if later else "Saved."
        self._desk.notices.say(words)
        if before.target_fmr != settings.target_fmr:
            rates = before.target_fmr, settings.target_fmr
            note = partial(self._actions.security.note_threshold, *rates)
            self._desk.storage.submit(note, _ignore, self._desk.notices.error)
        self.saved.emit(settings)
        self._changed()

    def find_cameras(self) -> None:
        """List the cameras by name, without opening any."""
        self.finder.setEnabled(False)
        cameras = self._actions.background.cameras
        self._desk.background.submit(cameras, self._show_cameras, self._not_found)

    def _show_cameras(self, cameras: tuple[CameraInfo, ...]) -> None:
        self.finder.setEnabled(True)
        text = self.source.currentText()
        self.source.clear()
        for camera in cameras:
            self.source.addItem(camera.name)
        self.source.setEditText(text)
        if cameras:
            found = "1 camera" if len(cameras) == 1 else f"{len(cameras)} cameras"
            self._desk.notices.say(f"Found {found}; choose from the list.", NoticeKind.PLAIN)
            self.source.showPopup()
        else:
            self._desk.notices.say("No camera was found.", NoticeKind.CAUTION)

    def _not_found(self, error: Exception) -> None:
        self.finder.setEnabled(True)
        self._desk.notices.error(error)


def _ignore(_answer: None) -> None:
    """What was done needs no word."""


def _field(name: str, words: str, control: QWidget, *, named: QWidget | None = None) -> QWidget:
    """A control with its name and explanation on the left."""
    target = named or control
    target.setAccessibleName(name)
    target.setAccessibleDescription(words)
    control.setFixedWidth(FIELD_WIDTH_PX)
    title = label(name, "strong")
    title.setBuddy(target)
    result = QWidget()
    words_label = label(words, "caption")
    words_label.setVisible(bool(words))
    line = row(column(title, words_label, spacing=GAP_XS), control, spacing=GAP_L)
    line.setStretch(0, 1)
    result.setLayout(line)
    return result


def _choices(words: dict[str, str]) -> QComboBox:
    box = QComboBox()
    for value, text in words.items():
        box.addItem(text, value)
    return box


def _number(most: int, unit: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(1, most)
    box.setSuffix(unit)
    # The style sheet's padding does not reach the line inside.
    box.lineEdit().setTextMargins(GAP_S, 0, 0, 0)
    return box


def _seconds_of(box: QSpinBox, before: float) -> float:
    """What the control says; fractions that it cannot show stay as they were."""
    return before if box.value() == round(before) else float(box.value())


def _show_rates(box: QComboBox, points: tuple[OperatingPoint, ...], target: float) -> None:
    """One choice for each measured operating point, in words."""
    box.clear()
    for point in points:
        words = f"1 in {round(1 / point.target_fmr):,} (misses {point.fnmr:.1%} of own pairs)"
        box.addItem(words, point.target_fmr)
    if box.findData(target) < 0:
        box.addItem(f"1 in {round(1 / target):,}", target)
    box.setCurrentIndex(box.findData(target))
