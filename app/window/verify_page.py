"""Verify: choose who it should be, look at the camera, read the answer."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QComboBox, QWidget

from app.present.guidance import remedy
from app.present.verdict import THRESHOLD_POSITION, describe, describe_without_names
from app.runtime.live import LiveView
from app.runtime.qimage import crop_image
from app.runtime.threads import Job
from app.widgets.camera_view import CameraView
from app.widgets.elements import button, column, label, page_layout, row
from app.widgets.evidence_strip import Bar, EvidenceStrip
from app.widgets.notice_bar import NoticeKind
from app.widgets.theme import GAP_L, GAP_M, GAP_S
from app.window.actions import Actions, Desk, Person
from app.window.decision_card import DecisionCard
from app.window.evidence import bar, show_evidence
from core.attempts.verify import VerifyAttempt
from core.domain.decision import Decision
from core.domain.quality import QualityIssue
from core.domain.result import Analysis, FrameResult, VerifyState
from core.domain.template import SubjectId
from core.errors import CaptureError

ANYONE = "Anyone enrolled"
CHOOSER_WIDTH_PX = 260


class VerifyPage(QWidget):
    """One live attempt after another."""

    enrolment_wanted = Signal()
    source_wanted = Signal()

    def __init__(self, desk: Desk, live: LiveView, actions: Actions) -> None:
        super().__init__()
        self._desk, self._live, self._actions = desk, live, actions
        self._people: dict[SubjectId, Person] = {}
        self._decided: Decision | None = None
        self._start_with: tuple[str | None] | None = None
        self._wanted: SubjectId | None = None  # to be chosen once people are read
        self._bars: list[Bar] = []
        self._awaiting = False  # an attempt is being prepared on the storage thread
        self._job: Job | None = None
        self.view = CameraView(desk.look)
        self.card = DecisionCard(desk.look, self.try_again)
        self.chooser = QComboBox()
        self.chooser.setAccessibleName("Who it should be")
        self.chooser.setFixedWidth(CHOOSER_WIDTH_PX)
        self.chooser.addItem(ANYONE, None)
        self.chooser.currentIndexChanged.connect(self._subject_changed)
        self.toggle = button("Start camera", self.toggle_camera, kind="primary")
        self.enrol = button("Enrol somebody", self._want_enrolment)
        desk.look.dress(self.enrol, "enrol")
        self.enrol.hide()
        self._source = label("", "caption", wrap=False)
        self._who = label("Who is it?", "strong", wrap=False)
        self._who.setBuddy(self.chooser)
        controls = row(
            self._who, self.chooser, self.toggle, self.enrol, 1, self._source, spacing=GAP_S
        )
        self.strip = EvidenceStrip(desk.look)
        left = column(self.view, self.strip, spacing=GAP_M)
        left.setStretch(0, 100)  # the strip gets what the picture's shape leaves
        left.setStretch(1, 1)
        body = row(spacing=GAP_L)
        body.addLayout(left, 1)
        body.addWidget(self.card)
        layout = page_layout(
            self,
            "Verify",
            "Choose who it should be, or leave it open, and look at the camera.",
            controls,
            body,
        )
        layout.setStretch(2, 1)
        self._toggle_off()
        self._show_off()

    def enter(self) -> None:
        """The page comes into view."""
        settings = self._actions.live.settings()
        kind = "Camera" if settings.source.isdecimal() else "Source:"
        self.chooser.setVisible(not self._kiosk)
        self._who.setVisible(not self._kiosk)
        if self._kiosk:
            self.chooser.setCurrentIndex(0)
        self._source.setText("" if self._actions.facts.banner else f"{kind} {settings.source}")
        self.reload()
        self.toggle.setFocus()

    def leave(self) -> None:
        """The page goes out of view; the camera goes off."""
        self.stop()

    def reload(self) -> None:
        """Read who is enrolled."""
        people = self._actions.storage.people
        self._desk.storage.submit(people, self._show_people, self._desk.notices.error)

    def reload_and_choose(self, subject_id: SubjectId) -> None:
        """Read who is enrolled, and choose who has just been."""
        self._wanted = subject_id
        self.reload()

    def choose(self, subject_id: SubjectId | None) -> None:
        """Choose who it should be."""
        index = self.chooser.findData(subject_id)
        if index >= 0:
            self.chooser.setCurrentIndex(index)

    def _show_people(self, people: tuple[Person, ...]) -> None:
        chosen = self._wanted or self.chooser.currentData()
        self._wanted = None
        self._people = {person.subject.subject_id: person for person in people}
        self.chooser.blockSignals(True)  # noqa: FBT003 - Qt's signature
        self.chooser.clear()
        self.chooser.addItem(ANYONE, None)
        for person in people:
            self.chooser.addItem(person.subject.name, person.subject.subject_id)
        self.chooser.setCurrentIndex(max(0, self.chooser.findData(chosen)))
        self.chooser.blockSignals(False)  # noqa: FBT003 - Qt's signature
        if not self._live.running and not self._awaiting:
            self._show_off()
        if self._start_with is not None:
            (name,), self._start_with = self._start_with, None
            self.chooser.setCurrentIndex(max(0, self.chooser.findText(name or ANYONE)))
            self.start()

    def toggle_camera(self) -> None:
        """Start the camera, or stop it."""
        if self._live.running or self._awaiting:
            self.stop()
        else:
            self.start()

    def start(self) -> None:
        """Open the source and begin an attempt."""
        self._decided = None
        self.toggle.setText("Stop camera")
        self._desk.look.dress(self.toggle, "stop", "on_accent")
        self.view.show_idle("camera", "Opening the camera", "This can take a few seconds.")
        self._show_running(None)
        self._begin(self._open_with)

    def start_when_ready(self, name: str | None = None) -> None:
        """Start once it is known who is enrolled, with somebody chosen by name or nobody."""
        self._start_with = (name,)
        self.reload()

    @property
    def decided(self) -> bool:
        """Whether the decision of an attempt is shown."""
        return self._decided is not None

    def stop(self) -> None:
        """End the attempt and close the source."""
        self._awaiting = False
        if self._job is not None:
            self._job.cancel()
        self._live.stop()
        self._toggle_off()
        self._show_off()
        if self._decided is None:
            self.card.show_empty()

    def try_again(self) -> None:
        """Begin another attempt with what the camera shows from now on."""
        if not self._live.running:
            self.start()
            return
        self._show_running(None)
        self._begin(self._live.set_attempt)

    @property
    def _kiosk(self) -> bool:
        """Whether whoever stands before the screen is to see no name and no score."""
        return self._actions.live.settings().kiosk

    def _show_running(self, state: VerifyState | None) -> None:
        threshold = self._actions.live.point().threshold
        if self._kiosk:
            self.card.show_running("Look at the camera", None, threshold)
            return
        self.card.show_running(self._question(), state, threshold)
        if state is not None:
            self._bars.append(bar(state.score, threshold))
            words = "Frames so far. The line is the threshold."
            self.strip.show_bars(self._bars, THRESHOLD_POSITION, words)

    def _begin(self, use: Callable[[VerifyAttempt], None]) -> None:
        """Prepare an attempt on the storage thread, then `use` it here."""
        self._awaiting = True
        self.strip.clear()
        self._bars = []
        if self._job is not None:
            self._job.cancel()
        self._job = self._desk.storage.submit(
            partial(self._actions.storage.begin_verification, self.chooser.currentData()),
            partial(self._prepared, use),
            self._not_prepared,
        )

    def _prepared(self, use: Callable[[VerifyAttempt], None], attempt: VerifyAttempt) -> None:
        self._awaiting = False
        use(attempt)

    def _not_prepared(self, error: Exception) -> None:
        self.stop()
        self._desk.notices.error(error)

    def _open_with(self, attempt: VerifyAttempt) -> None:
        live = self._actions.live
        self._live.start(live.open_source, live.verify_parts(), attempt)

    def look(self) -> None:
        """Show the newest result; called after each wake-up while the page is in view."""
        ended = self._live.ended  # asked first, so that the last result is not missed
        result = self._live.take()
        if result is not None:
            self._show_result(result)
        if ended:
            self._show_end()

    def _show_result(self, result: FrameResult) -> None:
        state = result.state
        decision = state.decision if isinstance(state, VerifyState) else None
        if decision is not None and decision is not self._decided and not self._awaiting:
            self._decided = decision
            self._show_decision(decision, result.analysis)
            count = partial(self._actions.security.count_attempt, decision)
            self._desk.storage.submit(count, _nothing, self._desk.notices.error)
        elif isinstance(state, VerifyState) and decision is None and not self._awaiting:
            self._show_running(state)
        self.view.show_analysis(
            result.analysis,
            mirrored=self._live.source_is_live,
            tone=self._tone(decision),
            hint=_hint(result.analysis.issues) if decision is None else "",
        )

    def _tone(self, decision: Decision | None) -> str:
        if decision is None or self._awaiting:
            return "accent"
        return describe(decision, {}, ()).tone.value

    def _show_decision(self, decision: Decision, analysis: Analysis) -> None:
        if self._kiosk:
            self.card.show_answer(describe_without_names(decision))
            return
        names = {key: person.subject.name for key, person in self._people.items()}
        verdict = describe(decision, names, self._actions.live.points())
        live: QImage | None = crop_image(analysis.aligned) if analysis.aligned else None
        shown = decision.claim or (decision.subject if decision.agreeing else None)
        person = self._people.get(shown) if shown else None
        self.card.show_decision(verdict, decision, live, person.picture if person else None)
        show_evidence(self.strip, decision)

    def _show_end(self) -> None:
        failure = self._live.failure
        remark = self._live.passed_over
        if failure is None and self._decided is not None:
            # The last frame stays beside the decision it led to.
            self._live.stop()
            self._toggle_off()
            if remark:
                self._desk.notices.say(remark, NoticeKind.CAUTION)
            return
        self.stop()
        if failure is not None:
            act = ("Choose another source", self._want_source)
            self._desk.notices.error(failure, act if isinstance(failure, CaptureError) else None)
        else:
            self._desk.notices.say(remark or "The source held no picture.", NoticeKind.CAUTION)

    def _question(self) -> str:
        if self.chooser.currentData() is None:
            return "Who is this?"
        return f"Is this {self.chooser.currentText()}?"

    def _subject_changed(self) -> None:
        if self._live.running:
            self.try_again()
        elif not self._awaiting:
            self._decided = None
            self.card.show_empty()

    def _show_off(self) -> None:
        self.enrol.setVisible(not self._people)
        if self._people:
            words = "Nothing is recorded; pictures are looked at and forgotten."
            self.view.show_idle("camera-off", "The camera is off", words)
        else:
            words = "Enrol somebody first, with the camera or from pictures."
            self.view.show_idle("people", "Nobody is enrolled yet", words)

    def _want_source(self) -> None:
        self.source_wanted.emit()

    def _want_enrolment(self) -> None:
        self.enrolment_wanted.emit()

    def _toggle_off(self) -> None:
        self.toggle.setText("Start camera")
        self._desk.look.dress(self.toggle, "camera", "on_accent")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space starts and stops wherever no control wants it for itself."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.toggle_camera()
            return
        super().keyPressEvent(event)


def _nothing(_answer: None) -> None:
    """The attempt was counted; nobody needs to hear."""


def _hint(issues: frozenset[QualityIssue]) -> str:
    """One thing to do: the first that speaks against the frame, in the order of the list."""
    return remedy(min(issues, key=list(QualityIssue).index)) if issues else ""
