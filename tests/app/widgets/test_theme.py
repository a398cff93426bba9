import re

import pytest
from PySide6.QtCore import Qt

from app.widgets.style import SHEET
from app.widgets.theme import DARK, LIGHT, Palette, choose_palette, contrast, style_sheet
from core.settings import Theme

TEXT, SHAPE = 4.5, 3.0  # least contrast ratios of WCAG 2.2 AA


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["window", "surface", "sunken"])
@pytest.mark.parametrize("text", ["text", "muted", "accent", "good", "bad", "caution"])
def test_text_can_be_read_on_every_ground(palette: Palette, text: str, ground: str) -> None:
    assert contrast(getattr(palette, text), getattr(palette, ground)) >= TEXT


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("tone", ["accent", "good", "bad", "caution"])
def test_text_can_be_read_on_its_soft_ground(palette: Palette, tone: str) -> None:
    soft = getattr(palette, f"{tone}_soft")

    assert contrast(getattr(palette, tone), soft) >= TEXT
    assert contrast(palette.text, soft) >= TEXT


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_buttons_and_outlines_can_be_seen(palette: Palette) -> None:
    assert contrast(palette.on_accent, palette.accent) >= TEXT
    assert contrast(palette.on_accent, palette.accent_hover) >= TEXT
    assert contrast(palette.outline, palette.surface) >= SHAPE
    assert contrast(palette.outline, palette.window) >= SHAPE
    assert contrast(palette.accent, palette.window) >= SHAPE


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")


@pytest.mark.parametrize(
    ("theme", "scheme", "palette"),
    [
        ("light", Qt.ColorScheme.Dark, LIGHT),
        ("dark", Qt.ColorScheme.Light, DARK),
        ("system", Qt.ColorScheme.Dark, DARK),
        ("system", Qt.ColorScheme.Light, LIGHT),
        ("system", Qt.ColorScheme.Unknown, LIGHT),
    ],
)
def test_the_system_is_followed_unless_a_theme_is_set(
    theme: Theme, scheme: Qt.ColorScheme, palette: Palette
) -> None:
    assert choose_palette(theme, scheme) is palette


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_name_in_the_style_sheet_is_filled(palette: Palette) -> None:
    pictures = {"chevron": "a.png", "chevup": "b.png", "tick": "c.png"}

    assert re.findall(r"@\w+", style_sheet(palette, SHEET, pictures)) == []
