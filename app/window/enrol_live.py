"""The camera half of the enrol page: five poses, each asked for in turn."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.present.guidance import ask_for, explain, remedy
from app.runtime.live import LiveView
from app.widgets.camera_view import CameraView
from app.widgets.elements import button, column, row
from app.widgets.look import Look
from app.widgets.steps import Steps
from app.widgets.theme import GAP_L, GAP_M
from app.window.actions import LiveActions
from core.domain.quality import QualityIssue
from core.domain.result import EnrolRefusal, EnrolState, FrameResult, Pose

POSE_WORDS = {
    Pose.FRONT: "Straight",
    Pose.LEFT: "Left",
    Pose.RIGHT: "Right",
    Pose.UP: "Up",
    Pose.DOWN: "Down",
}
ANY_POSE = "Any pose will do now; look at the camera."
IDLE_WORDS = "Fill in the form, then start the camera: it asks for five poses in turn."


class GuidedCaptures(QWidget):
    """Runs one guided enrolment at a time and says how it stands."""

    toggle_wanted = Signal()
    progressed = Signal(object)  # the EnrolState, each time
    failed = Signal(object)  # the exception that ended the source

    def __init__(self, look: Look, live: LiveView, actions: LiveActions) -> None:
        super().__init__()
        self._look, self._live, self._actions = look, live, actions
        self.view = CameraView(look)
        self.steps = Steps(look, "Captures")
        self.toggle = button("Start camera", self._want_toggle, kind="primary")
        line = row(self.toggle, self.steps, spacing=GAP_L)
        line.setStretch(1, 1)
        layout = column(self.view, line, 1, spacing=GAP_M)
        layout.setStretch(0, 100)
        self.setLayout(layout)
        self.stop()
        self.show_off()

    def start(self) -> None:
        """Open the source and begin."""
        self._live.start(
            self._actions.open_source, self._actions.enrol_parts(), self._actions.begin_enrolment()
        )
        self.toggle.setText("Stop camera")
        self._look.dress(self.toggle, "stop", "on_accent")
        self.view.show_idle("camera", "Opening the camera", "This can take a few seconds.")

    def stop(self) -> None:
        """Close the source."""
        self._live.stop()
        self.toggle.setText("Start camera")
        self._look.dress(self.toggle, "camera", "on_accent")

    def show_off(self) -> None:
        """Show that nothing has been captured."""
        self.toggle.show()
        self.view.show_idle("camera-off", "The camera is off", IDLE_WORDS)
        self._show_steps(0)

    def show_complete(self) -> None:
        """Show that there is nothing left to capture."""
        self.toggle.hide()
        self.view.show_idle("good", "All captures are taken", "Check them, then choose Enrol.")

    def look(self) -> None:
        """Show the newest result; called after each wake-up."""
        ended = self._live.ended  # asked first, so that the last result is not missed
        result = self._live.take()
        if result is not None:
            self._show_result(result)
        if ended and self._live.running:
            failure = self._live.failure
            self.stop()
            if failure is not None:
                self.failed.emit(failure)

    def _show_result(self, result: FrameResult) -> None:
        state = result.state
        if not isinstance(state, EnrolState):
            return
        self.view.show_analysis(
            result.analysis,
            mirrored=self._live.source_is_live,
            tone="caution" if state.issues or state.refusal else "good",
            hint=hint(state),
        )
        self._show_steps(len(state.accepted))
        self.progressed.emit(state)

    def _show_steps(self, done: int) -> None:
        self.steps.show_steps([POSE_WORDS[pose] for pose in Pose], done)

    def _want_toggle(self) -> None:
        self.toggle_wanted.emit()


def hint(state: EnrolState) -> str:
    """What to do now: first what spoils the picture, then what is asked for."""
    if state.issues:
        return remedy(min(state.issues, key=list(QualityIssue).index))
    if state.refusal is EnrolRefusal.OTHER_PERSON:
        return explain(state.refusal)
    return ask_for(state.wanted) if state.wanted else ANY_POSE
