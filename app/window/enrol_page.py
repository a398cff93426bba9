"""Enrol: a person's first pictures, guided in front of the camera or from files."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QPushButton, QStackedWidget, QWidget

from app.runtime.live import LiveView
from app.widgets.elements import button, column, page_layout, row
from app.widgets.notice_bar import NoticeKind
from app.widgets.theme import GAP_L, GAP_M
from app.window.actions import Actions, Desk
from app.window.enrol_form import EnrolForm
from app.window.enrol_live import GuidedCaptures
from app.window.enrol_pictures import PictureCaptures
from app.window.enrol_review import CaptureStrip, LikenessWarning
from core.domain.result import EnrolEnd, EnrolState
from core.domain.template import Capture, Subject
from core.errors import CaptureError, SubjectExistsError

ENDS = {
    EnrolEnd.TIMED_OUT: "The time was over before enough captures were taken. Nothing was stored; "
    "start again in good light, following what is asked for.",
    EnrolEnd.SOURCE_ENDED: "The source ended before enough captures were taken. Nothing was "
    "stored.",
}
CAMERA, PICTURES = range(2)


class EnrolPage(QWidget):
    """Collects captures of one person, then stores them."""

    enrolled = Signal(object)  # the new Subject
    source_wanted = Signal()

    def __init__(self, desk: Desk, live: LiveView, actions: Actions) -> None:
        super().__init__()
        self._desk, self._live, self._actions = desk, live, actions
        self._captures: tuple[Capture, ...] = ()
        self._saving = False
        self.form = EnrolForm()
        self.form.name.textChanged.connect(self._update)
        self.form.consent.toggled.connect(self._update)
        self.guided = GuidedCaptures(desk.look, live, actions.live)
        self.guided.toggle_wanted.connect(self.toggle_camera)
        self.guided.progressed.connect(self._progressed)
        self.guided.failed.connect(self._camera_failed)
        self.pictures = PictureCaptures(desk, actions.background)
        self.pictures.looking.connect(self.start_over)
        self.pictures.looked.connect(self._take)
        self.strip = CaptureStrip(desk.look)
        self.warning = LikenessWarning(desk.look)
        self.save = button("Enrol", self.store, kind="primary")
        desk.look.dress(self.save, "check", "on_accent")
        self.over = button("Start over", self.start_over)
        desk.look.dress(self.over, "again")
        self._lay_out()
        self._update()

    def _lay_out(self) -> None:
        self._modes = QButtonGroup(self)
        self._modes.idClicked.connect(self._choose_mode)
        self.with_camera = self._mode("With the camera", "camera", CAMERA)
        self.with_pictures = self._mode("From pictures", "pictures", PICTURES)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.guided)
        self._stack.addWidget(self.pictures)
        last = row(self.strip, self.over, self.save, spacing=GAP_M)
        last.setStretch(0, 1)
        right = column(
            row(self.with_camera, self.with_pictures, 1, spacing=0),
            self._stack,
            self.warning,
            last,
            spacing=GAP_M,
        )
        right.setStretch(1, 1)
        body = row(self.form, spacing=GAP_L)
        body.addLayout(right, 1)
        words = "Five captures in different poses, or a few pictures, make a person known."
        layout = page_layout(self, "Enrol", words, body)
        layout.setStretch(1, 1)

    def _mode(self, text: str, icon: str, index: int) -> QPushButton:
        result = QPushButton(text)
        result.setProperty("kind", "segment")
        result.setAccessibleName(text)
        result.setCheckable(True)
        result.setChecked(index == CAMERA)
        self._desk.look.dress(result, icon)
        self._modes.addButton(result, index)
        return result

    def enter(self) -> None:
        """The page comes into view."""
        self.form.say_what_is_kept(crops=self._actions.live.settings().keep_crops)
        self.form.name.setFocus()

    def leave(self) -> None:
        """The page goes out of view: the camera goes off, complete captures stay."""
        if self._live.running:
            self.start_over()

    def look(self) -> None:
        """Show the newest result; called after each wake-up while the page is in view."""
        self.guided.look()

    def _choose_mode(self, index: int) -> None:
        self._modes.button(index).setChecked(True)
        if index != self._stack.currentIndex():
            self.start_over()
            self._stack.setCurrentIndex(index)

    def start_over(self) -> None:
        """Forget what was captured; the form stays."""
        had_focus = self.save.hasFocus() or self.over.hasFocus()
        self.guided.stop()
        self.guided.show_off()
        self.pictures.clear()
        self._captures = ()
        self.warning.show_likenesses(())
        self.strip.show_captures(())
        self._update()
        if had_focus:  # it would go to some other page's button otherwise
            self.guided.toggle.setFocus()

    def toggle_camera(self) -> None:
        """Start the guided captures, or stop them."""
        if self._live.running:
            self.start_over()
        elif self.form.complete:
            self.start_over()
            self.guided.start()
            self._update()
        else:
            self._desk.notices.say(self._missing(), NoticeKind.PLAIN)

    def _update(self) -> None:
        ready = bool(self._captures) and not self._saving
        self.save.setEnabled(self.form.complete and ready)
        self.over.setVisible(bool(self._captures))
        self.strip.setVisible(bool(self._captures))
        self.save.setVisible(bool(self._captures))
        self.save.setToolTip("" if self.save.isEnabled() else self._missing())

    def _missing(self) -> str:
        if not self.form.name.text().strip():
            return "Give a name first."
        if not self.form.consent.isChecked():
            return "Tick that the person agrees first."
        return "Take captures first."

    def _progressed(self, state: EnrolState) -> None:
        self.strip.setVisible(bool(state.accepted))
        self.strip.show_captures(state.accepted)
        if state.end is EnrolEnd.COMPLETE:
            self.guided.stop()
            self.guided.show_complete()
            self._take(state.accepted)
        elif state.end is not None:
            self.start_over()
            self._desk.notices.say(ENDS[state.end], NoticeKind.CAUTION)

    def _camera_failed(self, error: Exception) -> None:
        self.start_over()
        act = ("Choose another source", self._want_source)
        self._desk.notices.error(error, act if isinstance(error, CaptureError) else None)

    def _want_source(self) -> None:
        self.source_wanted.emit()

    def _take(self, captures: Sequence[Capture]) -> None:
        self._captures = tuple(captures)
        self.strip.show_captures(self._captures)
        self._update()
        if not captures:
            return
        self._desk.storage.submit(
            partial(self._actions.storage.likenesses, self._captures),
            self.warning.show_likenesses,
            self._desk.notices.error,
        )
        (self.save if self.form.complete else self.form.name).setFocus()

    def store(self) -> None:
        """Store the captures under the name in the form."""
        if not (self.form.complete and self._captures):
            self._desk.notices.say(self._missing(), NoticeKind.PLAIN)
            return
        enrol = partial(
            self._actions.storage.enrol,
            self.form.name.text(),
            self._captures,
            self.form.note_text(),
            self.form.consent_text(),
            self.form.last_day(),
        )
        self._saving = True
        self._update()
        self._desk.storage.submit(enrol, self._stored, self._not_stored)

    def _add_to(self, name: str, captures: tuple[Capture, ...]) -> None:
        add = partial(self._actions.storage.add_to, name, captures)
        self._desk.storage.submit(add, self._stored, self._not_stored)

    def _stored(self, subject: Subject) -> None:
        self._saving = False
        self.form.clear()
        self.start_over()
        self.enrolled.emit(subject)

    def _not_stored(self, error: Exception) -> None:
        self._saving = False
        self._update()
        if isinstance(error, SubjectExistsError):
            name = self.form.name.text().strip()
            act = ("Add to that person", partial(self._add_to, name, self._captures))
            self._desk.notices.say(error.sentence, NoticeKind.CAUTION, act=act)
        else:
            self._desk.notices.error(error)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space starts and stops wherever no control wants it for itself."""
        if event.key() == Qt.Key.Key_Space and self._stack.currentIndex() == CAMERA:
            self.toggle_camera()
            return
        super().keyPressEvent(event)
