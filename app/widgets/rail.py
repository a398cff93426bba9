"""The navigation on the left: one button a page, and what must stay visible below."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QFrame, QLabel, QSizePolicy, QToolButton, QWidget

from app.widgets.elements import column, label, row, set_tone
from app.widgets.look import ICON_PX, Look
from app.widgets.theme import GAP_M, GAP_S, GAP_XS

WIDTH_PX = 208
LOGO_PX = 32


class Rail(QFrame):
    """Emits `chosen` with the index of a page."""

    chosen = Signal(int)

    def __init__(self, look: Look, pages: Sequence[tuple[str, str]], notice: str) -> None:
        """Lay out.

        Args:
            look: Colours and icons.
            pages: Title and icon of each.
            notice: Shown at the bottom as long as the window is open; may be empty.
        """
        super().__init__()
        self._look = look
        self.setProperty("rail", True)  # noqa: FBT003 - Qt's signature
        self.setFixedWidth(WIDTH_PX)
        self.setAccessibleName("Pages")
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self.chosen)
        self._logo = QLabel()
        self._logo.setFixedSize(LOGO_PX, LOGO_PX)
        heading = row(self._logo, label("pocketface", "title", wrap=False), 1, spacing=GAP_M)
        heading.setContentsMargins(GAP_S, GAP_S, 0, GAP_M)
        layout = column(heading, spacing=GAP_XS, margin=GAP_M)
        for index, (title, icon) in enumerate(pages):
            layout.addWidget(self._button(index, title, icon))
        layout.addStretch(1)
        self._notice_icon = QLabel()
        self._notice_icon.setFixedSize(ICON_PX, ICON_PX)
        self._notice = label(notice, "caption")
        set_tone(self._notice, "caution")
        self._below = QWidget()
        below = self._below
        line = row(self._notice_icon, self._notice, spacing=GAP_S)
        line.setAlignment(self._notice_icon, Qt.AlignmentFlag.AlignTop)
        below.setLayout(line)
        below.setAccessibleName("Permanent notice")
        layout.addWidget(below)
        self.setLayout(layout)
        self.show_notice(notice)
        look.follow(self._draw)
        self._draw()

    def _button(self, index: int, title: str, icon: str) -> QToolButton:
        result = QToolButton()
        result.setText(f"  {title}")
        result.setToolTip(f"{title} (Ctrl+{index + 1})")
        result.setAccessibleName(title)
        result.setProperty("nav", True)  # noqa: FBT003 - Qt's signature
        result.setCheckable(True)
        result.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        result.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        result.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        result.setIconSize(QSize(ICON_PX, ICON_PX))
        self._look.dress(result, icon)
        self._group.addButton(result, index)
        QShortcut(QKeySequence(f"Ctrl+{index + 1}"), self).activated.connect(result.click)
        return result

    def button(self, index: int) -> QToolButton:
        """The button of a page."""
        result = self._group.button(index)
        assert isinstance(result, QToolButton)
        return result

    def show_notice(self, notice: str) -> None:
        """Show another permanent notice, or none."""
        self._notice.setText(notice)
        self._below.setVisible(bool(notice))
        self._below.setAccessibleDescription(notice)

    def show_chosen(self, index: int) -> None:
        """Mark a page as the one in view."""
        self.button(index).setChecked(True)

    def _draw(self) -> None:
        palette = self._look.palette
        self._logo.setPixmap(self._look.pixmap("pocketface", palette.accent, LOGO_PX))
        self._notice_icon.setPixmap(self._look.pixmap("key", palette.caution))
