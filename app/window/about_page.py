"""About: versions, where things are kept, licences of what is inside."""

import platform
from collections.abc import Sequence
from importlib import resources
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QTextBrowser, QWidget

from app.version import program_version
from app.widgets.elements import card, column, label, page_layout, row
from app.widgets.look import Look
from app.widgets.theme import GAP_L, GAP_M, GAP_XS
from app.window.actions import Actions, Desk, ModelEntry
from core.domain.model_card import ModelCard

LOGO_PX = 64
CARDS_WIDTH_PX = 860
LICENCE_HEIGHT_PX = 180
SELECTABLE = (
    Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
)

# Distribution, what it does here, and its licence where its metadata do not name one.
PARTS = (
    ("PySide6_Essentials", "the window", "LGPL-3.0-only"),
    ("onnxruntime", "runs the models", "MIT"),
    ("opencv-python", "cameras, videos, warping", "Apache-2.0"),
    ("numpy", "arithmetic", "BSD-3-Clause"),
    ("SQLAlchemy", "the gallery", "MIT"),
    ("alembic", "changes of the gallery's form", "MIT"),
    ("cryptography", "encryption", "Apache-2.0 OR BSD-3-Clause"),
    ("keyring", "the system's key ring", "MIT"),
    ("pillow", "picture files", "MIT-CMU"),
    ("msgspec", "settings and cards", "BSD-3-Clause"),
    ("platformdirs", "the system's folders", "MIT"),
    ("cv2-enumerate-cameras", "names of cameras", "MIT"),
    ("typer", "the command line", "MIT"),
    ("rich", "tables in the terminal", "MIT"),
)


class AboutPage(QWidget):
    """Facts about the program; nothing here changes anything."""

    def __init__(self, desk: Desk, actions: Actions) -> None:
        super().__init__()
        self._desk, self._actions = desk, actions
        self._models, self._parts = _table(), _table()
        page = QWidget()
        page.setMaximumWidth(CARDS_WIDTH_PX)
        page.setLayout(
            column(
                self._program(desk.look),
                self._places(),
                card(label("Models", "title"), self._models),
                card(label("Made with", "title"), self._parts),
                _font_licence(),
                1,
                spacing=GAP_M,
            )
        )
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setAccessibleName("About the program")
        scroll.setWidget(page)
        layout = page_layout(self, "About", "Face verification on your own desktop.")
        layout.addWidget(scroll, 1)
        self._scroll = scroll

    def enter(self) -> None:
        """The page comes into view."""
        self._scroll.setFocus()
        models = self._actions.background.models
        self._desk.background.submit(models, self._show_models, self._desk.notices.error)
        if not self._parts.count():
            # Reading what is installed takes tens of milliseconds.
            self._desk.background.submit(installed, self._show_parts, self._desk.notices.error)

    def leave(self) -> None:
        """The page goes out of view."""

    def _program(self, look: Look) -> QFrame:
        logo = QLabel()
        logo.setPixmap(look.pixmap("pocketface", look.palette.accent, LOGO_PX))
        logo.setFixedWidth(LOGO_PX)
        words = column(
            label(f"pocketface {program_version()}", "headline"),
            label(
                "Says how sure it is, keeps what it knows encrypted on this computer, and sends "
                "nothing anywhere."
            ),
            label(
                f"Apache-2.0 · Python {platform.python_version()} · Qt {qVersion()} · "
                f"{platform.system()} {platform.machine()}",
                "caption",
            ),
            spacing=GAP_XS,
        )
        line = row(logo, spacing=GAP_L)
        line.addLayout(words, 1)
        return card(line)

    def _places(self) -> QFrame:
        facts = self._actions.facts
        rows = (
            ("Gallery", str(facts.folders.gallery_file)),
            ("Its key", f"in {self._actions.security.key_place()}"),
            ("Models you added", str(facts.folders.models)),
            ("Settings", str(facts.folders.settings_file)),
            ("Log", str(facts.folders.logs)),
        )
        grid = _table()
        _fill(grid, rows)
        for line, (name, _) in enumerate(rows):
            item = grid.itemAtPosition(line, 1)
            words = item.widget() if item else None
            if isinstance(words, QLabel):
                words.setTextInteractionFlags(SELECTABLE)
                words.setAccessibleName(name)
        return card(label("Where things are kept", "title"), grid)

    def _show_models(self, entries: tuple[ModelEntry, ...]) -> None:
        while self._models.count():
            item = self._models.takeAt(0)
            widget = item.widget() if item else None
            if widget is not None:
                widget.deleteLater()
        rows = [(entry.name, entry.card) for entry in entries if entry.card is not None]
        _fill(self._models, [(card.title or name, _terms(card)) for name, card in rows])

    def _show_parts(self, rows: Sequence[tuple[str, str]]) -> None:
        _fill(self._parts, rows)


def installed() -> tuple[tuple[str, str], ...]:
    """The packages that are there, with their versions; what each does, and its licence."""
    rows = []
    for name, what, licence in PARTS:
        try:
            rows.append((f"{name} {version(name)}", f"{what} · {licence}"))
        except PackageNotFoundError:
            continue
    return tuple(rows)


def _terms(facts: ModelCard) -> str:
    return f"{facts.licence}{', not for commercial use' if facts.non_commercial else ''}"


def _font_licence() -> QFrame:
    text = (resources.files("resources") / "fonts" / "OFL.txt").read_text(encoding="utf-8")
    browser = QTextBrowser()
    browser.setPlainText(text)
    browser.setFixedHeight(LICENCE_HEIGHT_PX)
    browser.setTabChangesFocus(True)
    browser.setAccessibleName("Licence of the font")
    return card(label("The font", "title"), browser)


def _table() -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(GAP_L)
    grid.setVerticalSpacing(GAP_XS)
    grid.setColumnStretch(1, 1)
    return grid


def _fill(grid: QGridLayout, rows: Sequence[tuple[str, str]]) -> None:
    for line, (name, value) in enumerate(rows):
        grid.addWidget(label(name, wrap=False), line, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(label(value, "muted"), line, 1)
