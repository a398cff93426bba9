"""The card beside the live picture: what is being decided, or was, and on what grounds."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent, QImage
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QStackedWidget, QWidget

from app.present.verdict import THRESHOLD_POSITION, Tone, Verdict, score_position
from app.widgets.elements import EmptyState, breakable, button, column, label, row, rule, set_tone
from app.widgets.look import Look
from app.widgets.portrait import Portrait
from app.widgets.score_meter import ScoreMeter
from app.widgets.steps import Steps
from app.widgets.theme import GAP_L, GAP_M, GAP_S, GAP_XS
from core.domain.decision import Decision
from core.domain.operating_point import OperatingPoint
from core.domain.result import VerifyState

WIDTH_PX = 352
PORTRAIT_PX = 96
TONE_ICON_PX = 28
ONE = 1
USUAL_NEEDED = 3  # until the attempt itself says how many


class DecisionCard(QFrame):
    """Empty, running, or decided; each shows only what is known."""

    def __init__(self, look: Look, again: Callable[[], None]) -> None:
        """Begin empty.

        Args:
            look: Colours and icons.
            again: Begins another attempt.
        """
        super().__init__()
        self._look = look
        self._tone: Tone | None = None
        self.setProperty("card", True)  # noqa: FBT003 - Qt's signature
        self.setFixedWidth(WIDTH_PX)
        self.setAccessibleName("Decision")
        self._empty = EmptyState(
            look,
            "verify",
            "No decision yet",
            "Start the camera: the answer appears here, with the evidence behind it.",
        )
        self._empty.words.setFixedWidth(WIDTH_PX - 4 * GAP_L)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._build(again))
        self.setLayout(column(self._stack, margin=GAP_L))
        look.follow(self._draw_icon)

    def _build(self, again: Callable[[], None]) -> QWidget:
        self._icon = QLabel()
        self._icon.setFixedWidth(TONE_ICON_PX)
        self.headline = label("", "headline")
        self.explanation = label()
        self.rate = label()
        self.advice = label()
        self.meter = ScoreMeter(self._look)
        self.steps = Steps(self._look, "Frames that agreed")
        self.rule = label("", "caption")
        self._line = rule()
        self.again = button("Try again", again, tip="Begin another attempt")
        self._look.dress(self.again, "again")
        title = row(self._icon, self.headline, spacing=GAP_S)
        title.setAlignment(self._icon, Qt.AlignmentFlag.AlignTop)
        page = QWidget()
        page.setLayout(
            column(
                title,
                self._build_pictures(),
                self.explanation,
                self.meter,
                self.steps,
                self.rate,
                self.advice,
                self._line,
                self._build_facts(),
                self.rule,
                1,
                spacing=GAP_M,
            )
        )
        scroll = QScrollArea()  # for small windows: nothing is squeezed, the rest is below
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setAccessibleName("Decision and its grounds")
        scroll.setWidget(page)
        layout = column(scroll, self.again, spacing=GAP_M)
        layout.setStretch(0, 1)
        side = QWidget()
        side.setLayout(layout)
        return side

    def _build_pictures(self) -> QWidget:
        self._live = Portrait(self._look, PORTRAIT_PX, "The face in front of the camera")
        self._enrolled = Portrait(self._look, PORTRAIT_PX, "The enrolled face")
        self._enrolled_side = QWidget()
        self._enrolled_side.setLayout(
            column(self._enrolled, label("Enrolled", "caption"), spacing=GAP_XS)
        )
        self._pictures = QWidget()
        now = column(self._live, label("Now", "caption"), spacing=GAP_XS)
        self._pictures.setLayout(row(now, self._enrolled_side, 1, spacing=GAP_M))
        return self._pictures

    def _build_facts(self) -> QWidget:
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP_L)
        grid.setVerticalSpacing(GAP_XS)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        self._values: dict[str, QLabel] = {}
        for line, name in enumerate(("Frames that agreed", "Time", "Compared with")):
            self._values[name] = label("", wrap=False)
            grid.addWidget(label(name, "muted", wrap=False), line, 0)
            grid.addWidget(self._values[name], line, 1)
        self.facts = QWidget()
        self.facts.setLayout(grid)
        return self.facts

    def show_empty(self) -> None:
        """Nothing runs."""
        self._tone = None
        set_tone(self, "")
        self._stack.setCurrentIndex(0)

    def show_running(self, question: str, state: VerifyState | None, threshold: float) -> None:
        """An attempt runs.

        Args:
            question: For example "Is this Anna?".
            state: So far; None before the first frame.
            threshold: What a score has to reach.
        """
        needed = state.needed if state else USUAL_NEEDED
        self._set(question, f"{needed} frames that agree decide.")
        self._tone = None
        self._draw_icon()
        set_tone(self, "")
        self._show_parts(decided=False)
        self.steps.show_steps([""] * needed, state.agreeing if state else 0)
        if state is None or state.score is None:
            self.meter.clear()
            return
        score = state.score.value
        position = score_position(score, threshold)
        self.meter.show_score(score, threshold, position, THRESHOLD_POSITION, "accent")

    def show_decision(
        self, verdict: Verdict, decision: Decision, live: QImage | None, enrolled: QImage | None
    ) -> None:
        """An attempt has ended.

        Args:
            verdict: The decision in words.
            decision: Its evidence.
            live: The face that was decided about.
            enrolled: The subject's stored picture; None where there is none to show.
        """
        self._set(verdict.headline, verdict.explanation)
        self._tone = verdict.tone
        self._draw_icon()
        set_tone(self, verdict.tone.value)
        self._show_parts(decided=True)
        self.rate.setText(verdict.rate or "")
        self.rate.setVisible(bool(verdict.rate))
        self.advice.setText("\n".join(verdict.advice))
        self.advice.setVisible(bool(verdict.advice))
        self._live.show_picture(live)
        self._enrolled.show_picture(enrolled)
        self._enrolled_side.setVisible(enrolled is not None)
        self._pictures.setVisible(live is not None)
        self._show_score(decision, verdict.tone)
        self._show_facts(decision)
        self.setAccessibleDescription(f"{verdict.headline}. {verdict.explanation}")
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def show_answer(self, verdict: Verdict) -> None:
        """An attempt has ended, and only the answer itself is to be seen.

        Args:
            verdict: Without names and scores.
        """
        self._set(verdict.headline, verdict.explanation)
        self._tone = verdict.tone
        self._draw_icon()
        set_tone(self, verdict.tone.value)
        for part in (self._pictures, self.rate, self._line, self.facts, self.rule):
            part.hide()
        self.steps.hide()
        self.meter.hide()
        self.advice.setText("\n".join(verdict.advice))
        self.advice.setVisible(bool(verdict.advice))
        self.again.show()
        self.setAccessibleDescription(verdict.headline)
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def _set(self, headline: str, explanation: str) -> None:
        self.headline.setText(breakable(headline))
        self.explanation.setText(breakable(explanation))
        self.explanation.setVisible(bool(explanation))
        self._stack.setCurrentIndex(1)

    def _show_parts(self, *, decided: bool) -> None:
        for part in (
            self._pictures,
            self.rate,
            self.advice,
            self._line,
            self.facts,
            self.rule,
            self.again,
        ):
            part.setVisible(decided)
        self.steps.setVisible(not decided)
        self.meter.setVisible(True)

    def _show_score(self, decision: Decision, tone: Tone) -> None:
        if decision.score is None:
            self.meter.setVisible(False)
            return
        score, threshold = decision.score.value, decision.point.threshold
        position = score_position(score, threshold)
        self.meter.show_score(score, threshold, position, THRESHOLD_POSITION, tone.value)

    def _show_facts(self, decision: Decision) -> None:
        count = decision.comparisons
        self._values["Frames that agreed"].setText(
            f"{decision.agreeing} of {decision.needed} needed"
        )
        self._values["Time"].setText(f"{decision.elapsed_s:.1f} s")
        self._values["Compared with"].setText(
            "1 enrolled picture" if count == ONE else f"{count} enrolled pictures"
        )
        self.rule.setText(rule_words(decision.point))

    def _draw_icon(self) -> None:
        palette = self._look.palette
        if self._tone is None:
            pixmap = self._look.pixmap("verify", palette.accent, TONE_ICON_PX)
        else:
            name = self._tone.value
            pixmap = self._look.pixmap(name, getattr(palette, name), TONE_ICON_PX)
        self._icon.setPixmap(pixmap)


def rule_words(point: OperatingPoint) -> str:
    """What the threshold was chosen for, and what it costs, in counts."""
    return (
        f"The threshold {point.threshold:.3f} is meant to let through at most 1 stranger in "
        f"{round(1 / point.target_fmr):,} comparisons; measured on {point.non_mated:,} pairs of "
        f"strangers."
    )
