"""The window's start: is there a screen, are Qt's libraries there, then open it.

Importing this module imports no Qt, so that every command can ask.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from app.runtime.screen import ensure_libraries, screen_available
from core.errors import DisplayError

if TYPE_CHECKING:
    from core.ports import FrameSource
    from core.settings import Folders, Settings
    from core.wiring import Services

__all__ = ["ensure_libraries", "render_png", "run", "run_demo", "screen_available"]

DECISION_TIMEOUT_S = 20.0


def run(
    settings: "Settings",
    folders: "Folders",
    ask_passphrase: Callable[[], str] | None = None,
    *,
    seconds: float | None = None,
) -> int:
    """Open the window and wait until it is closed.

    Args:
        settings: As read, with what the command line changed.
        folders: Where everything is kept.
        ask_passphrase: None asks in a dialog.
        seconds: Closes the window by itself.

    Returns:
        The exit code.

    Raises:
        DisplayError: No screen, or a system library is missing.
    """
    _prepare()
    from app.window.start import open_window  # noqa: PLC0415 - Qt only where there is a screen

    return open_window(settings, folders, ask_passphrase, seconds)


def run_demo(
    services: "Services",
    source: "Callable[[], FrameSource]",
    *,
    banner: str = "",
    seconds: float | None = None,
) -> int:
    """Open the window on given services with a given camera; closes the services at the end.

    Raises:
        DisplayError: No screen, or a system library is missing.
    """
    _prepare()
    from app.window.start import open_demo  # noqa: PLC0415 - Qt only where there is a screen

    return open_demo(services, source, banner, seconds)


def render_png(
    path: Path,
    services: "Services",
    source: "Callable[[], FrameSource]",
    *,
    subject: str | None = None,
    theme: Literal["light", "dark"] = "light",
    timeout_s: float = DECISION_TIMEOUT_S,
) -> Path:
    """Paint the window without a screen, once it has decided about what the source shows.

    Args:
        path: Of the PNG.
        services: Stay open.
        source: Opens the frames.
        subject: Name of who it should be; None identifies.
        theme: The window's.
        timeout_s: After this the window is painted as it is.

    Raises:
        LibraryMissingError: Qt lacks a system library.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    ensure_libraries()
    from app.window.start import render  # noqa: PLC0415 - Qt only once it can be loaded

    return render(path, services, source, subject, theme, timeout_s)


def _prepare() -> None:
    if not screen_available():
        raise DisplayError
    ensure_libraries()
