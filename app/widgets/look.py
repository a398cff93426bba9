"""The look in force: hands out icons and colours, and says when they change."""

from collections.abc import Callable
from importlib import resources
from weakref import ref

from PySide6.QtCore import QByteArray, QDir, QObject, QRectF, QSize, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication
from shiboken6 import isValid

from app.widgets.style import SHEET
from app.widgets.theme import (
    LIGHT,
    Palette,
    base_font,
    choose_palette,
    load_fonts,
    qt_palette,
    style_sheet,
)
from core.settings import Theme

ICON_PX = 20
FONTS = ("Inter-Regular.ttf", "Inter-SemiBold.ttf")
MARK_PX = 14
SEARCH = "look"  # a prefix for Qt's file names, so that no odd folder name meets the style sheet
SCALES = (1, 2)  # sharp on ordinary and on dense screens


class Look(QObject):
    """Applies a theme to the application.

    Attributes:
        palette: The colours in force.
    """

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        """Read the shipped fonts, icons and style sheet, and dress the application in them."""
        super().__init__()
        application = _application()  # first: without one, Qt's font functions crash
        self.palette: Palette = LIGHT
        self._theme: Theme = theme
        self._dressed: list[tuple[ref[QAbstractButton], str, str]] = []
        package = resources.files("resources")
        self._icons = package / "icons"
        self._drawn_icons: dict[tuple[str, str, int, int], QPixmap] = {}
        self._marks = QTemporaryDir()
        load_fonts(tuple((package / "fonts" / name).read_bytes() for name in FONTS))
        application.setStyle("Fusion")
        application.setFont(base_font())
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)
        self._apply()

    def set_theme(self, theme: Theme) -> None:
        """Change between light, dark and what the system says."""
        self._theme = theme
        self._apply()

    def pixmap(self, name: str, colour: str, size_px: int = ICON_PX, scale: int = 2) -> QPixmap:
        """An icon in one colour."""
        key = (name, colour, size_px, scale)
        if key not in self._drawn_icons:
            self._drawn_icons[key] = self._draw_icon(*key)
        return self._drawn_icons[key]

    def _draw_icon(self, name: str, colour: str, size_px: int, scale: int) -> QPixmap:
        source = (self._icons / f"{name}.svg").read_text(encoding="utf-8")
        data = source.replace("currentColor", colour).encode()
        pixmap = QPixmap(QSize(size_px, size_px) * scale)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        QSvgRenderer(QByteArray(data)).render(painter, QRectF(pixmap.rect()))
        painter.end()
        pixmap.setDevicePixelRatio(scale)
        return pixmap

    def icon(self, name: str, role: str = "text") -> QIcon:
        """An icon in a role's colour, with a disabled and a checked version."""
        icon = QIcon()
        for scale in SCALES:
            normal = self.pixmap(name, getattr(self.palette, role), scale=scale)
            faint = self.pixmap(name, self.palette.outline, scale=scale)
            checked = self.pixmap(name, self.palette.accent, scale=scale)
            icon.addPixmap(normal, QIcon.Mode.Normal)
            icon.addPixmap(faint, QIcon.Mode.Disabled)
            icon.addPixmap(checked, QIcon.Mode.Normal, QIcon.State.On)
        return icon

    def dress(self, button: QAbstractButton, name: str, role: str = "text") -> None:
        """Give a button an icon that follows the theme."""
        self._dressed = [
            (entry, icon, colour)
            for entry, icon, colour in self._dressed
            if entry() is not None and entry() is not button
        ]
        self._dressed.append((ref(button), name, role))
        button.setIconSize(QSize(ICON_PX, ICON_PX))
        button.setIcon(self.icon(name, role))

    def follow(self, repaint: Callable[[], None]) -> None:
        """Call a bound method of a QObject whenever the look changes."""
        self.changed.connect(repaint)

    def _follow_system(self) -> None:
        if self._theme == "system":
            self._apply()

    def _apply(self) -> None:
        scheme = QGuiApplication.styleHints().colorScheme()
        self.palette = choose_palette(self._theme, scheme)
        application = _application()
        application.setPalette(qt_palette(self.palette))
        application.setStyleSheet(style_sheet(self.palette, SHEET, self._draw_marks()))
        for entry, name, role in self._dressed:
            button = entry()
            if button is not None and isValid(button):
                button.setIcon(self.icon(name, role))
        self.changed.emit()

    def _draw_marks(self) -> dict[str, str]:
        """Draw the few pictures that a style sheet takes only from files; their @names."""
        colours = {
            "chevron": ("down", self.palette.muted),
            "chevup": ("up", self.palette.muted),
            "tick": ("check", self.palette.on_accent),
        }
        shade = "dark" if self.palette.dark else "light"
        for name, (icon, colour) in colours.items():
            for scale, suffix in ((1, ""), (2, "@2x")):
                target = self._marks.filePath(f"{name}-{shade}{suffix}.png")
                self.pixmap(icon, colour, MARK_PX, scale).save(target)
        QDir.setSearchPaths(SEARCH, [self._marks.path()])
        return {name: f"{SEARCH}:{name}-{shade}.png" for name in colours}


def _application() -> QApplication:
    application = QApplication.instance()
    assert isinstance(application, QApplication), "the application is made before its look"
    return application
