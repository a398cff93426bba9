"""What has been captured so far, what was refused, and whom it resembles."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QWidget

from app.runtime.qimage import crop_image
from app.widgets.elements import breakable, card, column, label, row, set_tone
from app.widgets.look import ICON_PX, Look
from app.widgets.portrait import Portrait
from app.widgets.theme import GAP_M, GAP_S
from app.window.actions import Likeness, PictureOutcome
from core.domain.template import Capture

PORTRAIT_PX = 64
SHOWN = 8  # as many as fit beside each other; the rest is counted


class CaptureStrip(QWidget):
    """The captured faces in a row."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(GAP_S)
        self._row.addStretch(1)
        self._count = 0
        self.setAccessibleName("Captured faces")
        self.setFixedHeight(PORTRAIT_PX)

    def show_captures(self, captures: Sequence[Capture]) -> None:
        """Show the captures; cheap to call again with the same ones."""
        if len(captures) < self._count:
            self._empty()
        for capture in captures[self._count : SHOWN]:
            portrait = Portrait(self._look, PORTRAIT_PX, f"Capture {self._count + 1}")
            portrait.show_picture(crop_image(capture.aligned))
            portrait.setToolTip(f"Quality {capture.quality.unified} of 100")
            self._row.insertWidget(self._count, portrait)
            self._count += 1
        self.setAccessibleDescription(f"{len(captures)} faces")

    def _empty(self) -> None:
        while self._row.count() > 1:
            item = self._row.takeAt(0)
            widget = item.widget() if item else None
            if widget is not None:
                widget.deleteLater()
        self._count = 0


class LikenessWarning(QWidget):
    """Says whom the new captures resemble; hidden while that is nobody."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._icon = QLabel()
        self._icon.setFixedSize(ICON_PX, ICON_PX)
        self.words = label()
        line = row(self._icon, self.words, spacing=GAP_M)
        line.setStretch(1, 1)
        frame = card(line)
        set_tone(frame, "caution")
        self.setLayout(column(frame))
        self.setAccessibleName("Resemblance")
        look.follow(self._draw)
        self._draw()
        self.hide()

    def show_likenesses(self, likenesses: Sequence[Likeness]) -> None:
        """Word the warning."""
        self.setVisible(bool(likenesses))
        if not likenesses:
            return
        first = likenesses[0]
        others = f" and {len(likenesses) - 1} more" if len(likenesses) > 1 else ""
        self.words.setText(
            f"These captures resemble {breakable(first.name)}{others} (score {first.score:.2f}). "
            "If it is the same person, add the pictures to that entry instead; if not, expect the "
            "two to be mixed up."
        )

    def _draw(self) -> None:
        self._icon.setPixmap(self._look.pixmap("caution", self._look.palette.caution))


class OutcomeList(QScrollArea):
    """One line for each picture: taken, or why not."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._lines: tuple[str, ...] = ()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Pictures looked at")

    @property
    def lines(self) -> tuple[str, ...]:
        """What is said about each picture."""
        return self._lines

    def show_outcomes(self, outcomes: Sequence[PictureOutcome]) -> None:
        """Replace the list."""
        self._lines = tuple(f"{entry.name}: {_verdict(entry)}" for entry in outcomes)
        rows = [self._row(outcome) for outcome in outcomes]
        self.setWidget(card(*rows, 1, spacing=GAP_M))

    def _row(self, outcome: PictureOutcome) -> QWidget:
        tone = "good" if outcome.capture is not None else "bad"
        icon = QLabel()
        icon.setFixedWidth(ICON_PX)
        icon.setPixmap(self._look.pixmap(tone, getattr(self._look.palette, tone)))
        words = column(
            label(breakable(outcome.name), "strong"), label(_verdict(outcome), "muted"), spacing=0
        )
        result = QWidget()
        line = row(icon, spacing=GAP_M)
        line.addLayout(words, 1)
        line.setAlignment(icon, Qt.AlignmentFlag.AlignTop)
        result.setLayout(line)
        return result


def _verdict(outcome: PictureOutcome) -> str:
    taken = outcome.capture is not None
    return f"Taken. {outcome.words}".strip() if taken else f"Not taken. {outcome.words}"
