"""Small building blocks that every page is put together from."""

import re
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.widgets.look import Look
from app.widgets.theme import GAP_L, GAP_M, GAP_S, GAP_XL, GAP_XS

ZERO_WIDTH_SPACE = "\u200b"
LONGEST_RUN = 12  # letters that fit a line of the narrowest card
_ENDLESS = re.compile(rf"\S{{{LONGEST_RUN}}}(?=\S)")

EMPTY_ICON_PX = 48
EMPTY_WIDTH_PX = 380  # about sixty letters a line, which reads easily


def label(text: str = "", role: str = "", *, wrap: bool = True) -> QLabel:
    """A label that shows its text literally, whatever it holds.

    Args:
        text: Never read as markup.
        role: A name of the style sheet: display, headline, title, strong, muted, caption.
        wrap: Whether long text goes over several lines.
    """
    result = QLabel()
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setText(text)
    result.setWordWrap(wrap)
    if role:
        result.setProperty("role", role)
    return result


def breakable(text: str) -> str:
    """Text whose endless words may be broken: names and paths can be hundreds of letters long."""
    return _ENDLESS.sub(lambda run: run[0] + ZERO_WIDTH_SPACE, text)


def badge(text: str, tone: str = "") -> QLabel:
    """A short word on a coloured ground."""
    result = label(text, wrap=False)
    result.setProperty("badge", True)  # noqa: FBT003 - Qt's signature
    result.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    set_tone(result, tone)
    return result


def set_tone(widget: QWidget, tone: str) -> None:
    """Colour a label or card: good, bad, caution, accent, or nothing."""
    widget.setProperty("tone", tone)
    restyle(widget)


def restyle(widget: QWidget) -> None:
    """Let the style sheet look at a widget's properties again."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def button(
    text: str,
    clicked: Callable[[], None],
    *,
    kind: str = "",
    name: str = "",
    tip: str = "",
) -> QPushButton:
    """A push button.

    Args:
        text: Shown; with & before the letter of its shortcut, if any.
        clicked: A bound method of a QObject.
        kind: A name of the style sheet: primary, danger, quiet, segment.
        name: Accessible name where the text alone does not say enough.
        tip: Shown while the pointer rests on it.
    """
    result = QPushButton(text)
    result.setAutoDefault(False)
    result.setProperty("kind", kind)
    result.setAccessibleName(name or text.replace("&", ""))
    result.setToolTip(tip)
    result.setCursor(Qt.CursorShape.PointingHandCursor)
    result.clicked.connect(clicked)
    return result


def column(*items: QWidget | QLayout | int, spacing: int = GAP_M, margin: int = 0) -> QVBoxLayout:
    """Items from top to bottom; a number is a stretch."""
    result = QVBoxLayout()
    _fill(result, items, spacing, margin)
    return result


def row(*items: QWidget | QLayout | int, spacing: int = GAP_S, margin: int = 0) -> QHBoxLayout:
    """Items from left to right; a number is a stretch."""
    result = QHBoxLayout()
    _fill(result, items, spacing, margin)
    return result


def _fill(
    layout: QVBoxLayout | QHBoxLayout,
    items: tuple[QWidget | QLayout | int, ...],
    spacing: int,
    margin: int,
) -> None:
    layout.setSpacing(spacing)
    layout.setContentsMargins(margin, margin, margin, margin)
    for item in items:
        if isinstance(item, int):
            layout.addStretch(item)
        elif isinstance(item, QLayout):
            layout.addLayout(item)
        else:
            layout.addWidget(item)


def card(*items: QWidget | QLayout | int, spacing: int = GAP_S) -> QFrame:
    """A bordered area with its items from top to bottom."""
    result = QFrame()
    result.setProperty("card", True)  # noqa: FBT003 - Qt's signature
    result.setLayout(column(*items, spacing=spacing, margin=GAP_L))
    return result


def rule() -> QFrame:
    """A thin line between two areas."""
    result = QFrame()
    result.setProperty("line", True)  # noqa: FBT003 - Qt's signature
    result.setFixedHeight(1)
    return result


def page_layout(
    page: QWidget, title: str, subtitle: str, *items: QWidget | QLayout | int
) -> QVBoxLayout:
    """Lay out a page under its title."""
    page.setProperty("page", True)  # noqa: FBT003 - Qt's signature
    page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    page.setAccessibleName(title)
    heading = column(label(title, "display"), label(subtitle, "muted"), spacing=GAP_XS)
    layout = column(heading, *items, spacing=GAP_L, margin=GAP_XL)
    page.setLayout(layout)
    return layout


class EmptyState(QWidget):
    """What a place shows while there is nothing in it: a picture, why, and what to do."""

    def __init__(
        self, look: Look, icon: str, title: str, words: str, *buttons: QPushButton
    ) -> None:
        super().__init__()
        self._look = look
        self._icon = icon
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.title = label(title, "title")
        self.title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words = label(words, "muted")
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words.setFixedWidth(EMPTY_WIDTH_PX)
        centre = Qt.AlignmentFlag.AlignHCenter
        layout = column(1, spacing=GAP_M, margin=GAP_L)
        layout.addWidget(self._picture, 0, centre)
        layout.addWidget(self.title, 0, centre)
        layout.addWidget(self.words, 0, centre)
        if buttons:
            layout.addLayout(row(1, *buttons, 1))
        layout.addStretch(1)
        self.setLayout(layout)
        look.follow(self._draw)
        self._draw()

    def _draw(self) -> None:
        colour = self._look.palette.outline
        self._picture.setPixmap(self._look.pixmap(self._icon, colour, EMPTY_ICON_PX))
