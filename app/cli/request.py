"""What the person asked for in front of, and around, a command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from core.ports import FrameSource
    from core.settings import Folders, Settings
    from core.wiring import Services


PASSPHRASE_VARIABLE = "POCKETFACE_PASSPHRASE"  # noqa: S105 - the variable's name, not its content
ARCHIVE_PASSPHRASE_VARIABLE = "POCKETFACE_ARCHIVE_PASSPHRASE"  # noqa: S105 - likewise
NEW_PASSPHRASE_VARIABLE = "POCKETFACE_NEW_PASSPHRASE"  # noqa: S105 - likewise


class OpenDemo(Protocol):
    """Opens the window on a gallery and a source that exist for the demonstration only."""

    def __call__(
        self,
        services: "Services",
        source: "Callable[[], FrameSource]",
        *,
        banner: str,
        seconds: float | None,
    ) -> int:
        """The exit code, once the window is closed; closes `services`."""
        ...


class RenderWindow(Protocol):
    """Paints the window without a screen."""

    def __call__(
        self,
        path: Path,
        services: "Services",
        source: "Callable[[], FrameSource]",
        *,
        subject: str | None,
    ) -> Path:
        """Where the PNG lies."""
        ...


@dataclass(frozen=True, slots=True)
class WindowCalls:
    """The window, as far as the command line needs it: callables, so that no command loads Qt.

    Attributes:
        open: Opens the window and returns its exit code; DisplayError without a screen.
        screen_available: Whether a window could be shown.
        ensure_libraries: Raises LibraryMissingError where Qt lacks a system library.
    """

    open: "Callable[[Settings, Folders], int]"
    open_demo: OpenDemo
    render: RenderWindow
    screen_available: Callable[[], bool]
    ensure_libraries: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Request:
    """The options that hold for every command.

    Attributes:
        json: One document on stdout, talk on stderr.
        data_dir: Where everything is kept instead of the system's usual folders.
        model: Pack in place of the one in the settings.
        fmr: Target false match rate in place of the one in the settings.
        key_file: Holds the gallery's key, or will.
        environment: The process environment, for the passphrase.
    """

    json: bool
    data_dir: Path | None
    key_file: Path | None
    model: str | None
    fmr: float | None
    environment: Mapping[str, str]
    window: WindowCalls
