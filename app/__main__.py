"""`pocketface` and `python -m app`: the window without a sub-command, else the command line."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.main import run
from app.cli.request import PASSPHRASE_VARIABLE, WindowCalls

if TYPE_CHECKING:
    from core.ports import FrameSource
    from core.settings import Folders, Settings
    from core.wiring import Services


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out a command line; the exit code.

    Args:
        argv: Without the program's name; None takes the process's own.
    """
    arguments = sys.argv[1:] if argv is None else argv
    window = WindowCalls(
        open=_open,
        open_demo=_open_demo,
        render=_render,
        screen_available=_screen_available,
        ensure_libraries=_ensure_libraries,
    )
    return run(arguments, window, os.environ)


# The window is imported by the one who opens it: no other command pays for Qt.
# ruff: noqa: PLC0415


def _open(settings: "Settings", folders: "Folders") -> int:
    from app.main import run as open_window

    given = os.environ.get(PASSPHRASE_VARIABLE)
    return open_window(settings, folders, (lambda: given) if given else None)


def _open_demo(
    services: "Services",
    source: "Callable[[], FrameSource]",
    *,
    banner: str,
    seconds: float | None,
) -> int:
    from app.main import run_demo

    return run_demo(services, source, banner=banner, seconds=seconds)


def _render(
    path: Path, services: "Services", source: "Callable[[], FrameSource]", *, subject: str | None
) -> Path:
    from app.main import render_png

    return render_png(path, services, source, subject=subject)


def _screen_available() -> bool:
    from app.main import screen_available

    return screen_available()


def _ensure_libraries() -> None:
    from app.main import ensure_libraries

    ensure_libraries()


if __name__ == "__main__":
    sys.exit(main())
