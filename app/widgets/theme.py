"""The look: two palettes, one scale of spaces, one of type, and the style sheet made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette

from core.settings import Theme

FAMILY = "Inter"  # shipped, so that a machine without fonts shows words too

# Every distance is a multiple of four pixels.
GAP_XS, GAP_S, GAP_M, GAP_L, GAP_XL = 4, 8, 12, 16, 24
RADIUS = 8
CONTROL_HEIGHT_PX = 36  # large enough to be hit without aiming

# Sizes in px, each about a fifth larger than the one before.
CAPTION_PX, BODY_PX, TITLE_PX, HEADLINE_PX, DISPLAY_PX = 12, 14, 17, 20, 26


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by role. Text on its ground reaches 4.5:1 everywhere (WCAG 2.2 AA).

    Attributes:
        window: Behind everything.
        surface: Cards and controls.
        sunken: Behind lists, the navigation and empty views.
        border: Between quiet areas.
        outline: Around controls, 3:1 against what lies behind.
        soft: `accent_soft` and the like are grounds for text of the same name.
    """

    dark: bool
    window: str
    surface: str
    sunken: str
    border: str
    outline: str
    text: str
    muted: str
    accent: str
    accent_hover: str
    on_accent: str
    accent_soft: str
    good: str
    good_soft: str
    bad: str
    bad_soft: str
    caution: str
    caution_soft: str


LIGHT = Palette(
    dark=False,
    window="#f5f7f8",
    surface="#ffffff",
    sunken="#e9eef0",
    border="#d5dde1",
    outline="#7f8d95",
    text="#172126",
    muted="#51616a",
    accent="#0f6674",
    accent_hover="#0b525d",
    on_accent="#ffffff",
    accent_soft="#d9eef1",
    good="#196b3f",
    good_soft="#dff2e6",
    bad="#a12b25",
    bad_soft="#fbe6e4",
    caution="#7d5200",
    caution_soft="#fbf0d9",
)

DARK = Palette(
    dark=True,
    window="#12181b",
    surface="#1b2327",
    sunken="#0d1214",
    border="#2c383e",
    outline="#6d7d86",
    text="#e6edf0",
    muted="#a3b2ba",
    accent="#63c7d5",
    accent_hover="#86d8e3",
    on_accent="#05262b",
    accent_soft="#163a41",
    good="#74cf9b",
    good_soft="#163524",
    bad="#f19a92",
    bad_soft="#43211f",
    caution="#e8bd68",
    caution_soft="#3b2e14",
)


def choose_palette(theme: Theme, system_scheme: Qt.ColorScheme) -> Palette:
    """The palette for a setting; "system" follows the desktop, and is light where it is silent."""
    if theme == "system":
        return DARK if system_scheme == Qt.ColorScheme.Dark else LIGHT
    return DARK if theme == "dark" else LIGHT


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two #rrggbb colours, 1 to 21, as WCAG 2.2 defines it."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def load_fonts(files: tuple[bytes, ...]) -> None:
    """Make the shipped font known to Qt; once per application."""
    for data in files:
        QFontDatabase.addApplicationFontFromData(data)


def base_font() -> QFont:
    """The font everything starts from."""
    font = QFont(FAMILY)
    font.setPixelSize(BODY_PX)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def qt_palette(palette: Palette) -> QPalette:
    """The same colours for what the style draws itself."""
    result = QPalette()
    roles = {
        QPalette.ColorRole.Window: palette.window,
        QPalette.ColorRole.WindowText: palette.text,
        QPalette.ColorRole.Base: palette.surface,
        QPalette.ColorRole.AlternateBase: palette.sunken,
        QPalette.ColorRole.Text: palette.text,
        QPalette.ColorRole.Button: palette.surface,
        QPalette.ColorRole.ButtonText: palette.text,
        QPalette.ColorRole.ToolTipBase: palette.text,
        QPalette.ColorRole.ToolTipText: palette.window,
        QPalette.ColorRole.PlaceholderText: palette.muted,
        QPalette.ColorRole.Highlight: palette.accent,
        QPalette.ColorRole.HighlightedText: palette.on_accent,
        QPalette.ColorRole.Link: palette.accent,
        QPalette.ColorRole.Accent: palette.accent,
    }
    for role, colour in roles.items():
        result.setColor(role, QColor(colour))
    disabled = QColor(palette.outline)
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, disabled)
    return result


def style_sheet(palette: Palette, sheet: str, pictures: Mapping[str, str]) -> str:
    """Fill colours, sizes and picture names into the style sheet's @names."""
    names: dict[str, str] = {
        field.name: str(getattr(palette, field.name)) for field in fields(palette)
    }
    names |= pictures
    names |= {
        "radius": f"{RADIUS}px",
        "control": f"{CONTROL_HEIGHT_PX}px",
        "caption": f"{CAPTION_PX}px",
        "body": f"{BODY_PX}px",
        "title": f"{TITLE_PX}px",
        "headline": f"{HEADLINE_PX}px",
        "display": f"{DISPLAY_PX}px",
    }
    # The longest first, since @accent is the beginning of @accent_soft.
    for name in sorted(names, key=len, reverse=True):
        sheet = sheet.replace(f"@{name}", names[name])
    return sheet
