"""Opening the window: the application, the slow part behind it, and the way out."""

import logging
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from msgspec import structs
from PySide6.QtCore import QEventLoop, QMessageLogContext, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from app.widgets.look import Look
from app.window.main_window import MainWindow
from app.window.passphrase import PassphraseAsker
from app.window.program import Program
from core.errors import PocketfaceError, VisionError
from core.ports import FrameSource
from core.security.key_store import has_key_record
from core.settings import Folders, Settings, Theme
from core.wiring import Services, build

log = logging.getLogger(__name__)

FAILED_EXIT = 4
BUILT_IN_MODEL = Settings().model
SETTLE_S = 0.2  # layouts that changed with the decision have been carried out by then
LOOK_MS = 50  # how often a picture of the window is thought about


def application() -> QApplication:
    """The one QApplication, made if there is none."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    qInstallMessageHandler(_into_the_log)
    result = QApplication(sys.argv[:1])
    result.setApplicationName("pocketface")
    result.setApplicationDisplayName("")
    return result


def _into_the_log(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:  # noqa: ARG001 - Qt's signature
    """Qt's talk concerns developers, so it does not belong on a person's terminal."""
    level = (
        logging.ERROR if kind in {QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg} else logging.INFO
    )
    log.log(level, "Qt: %s", message)


class Opening:
    """Builds the services on the storage thread and brings the window to life with them."""

    def __init__(
        self,
        settings: Settings,
        folders: Folders,
        look: Look,
        ask_passphrase: Callable[[], str] | None,
    ) -> None:
        self._settings = settings
        self._folders = folders
        self._services: Services | None = None
        self.failed = False
        self.window = MainWindow(look, self._release)
        self._asker = PassphraseAsker(self.window, lambda: not has_key_record(folders))
        self._ask = ask_passphrase or self._asker.ask
        self.window.locked.connect(self._locked)

    def begin(self) -> None:
        """Build."""
        self.failed = False
        self.window.show_message("verify", "Getting ready", "Opening the models and the gallery.")
        self.window.storage.submit(self._build, self._built, self._not_built)

    def close(self) -> None:
        """Let go of everything."""
        self._asker.close()
        self.window.shut_down()

    def _build(self) -> Services:
        return build(self._settings, self._folders, self._ask)

    def _built(self, services: Services) -> None:
        self._services = services
        self.window.attach(Program(services, "", None).actions())

    def _locked(self, words: str) -> None:
        """Close the gallery, and offer to open it again."""
        offer = partial(self._offer_to_unlock, words)
        self.window.storage.submit(self._release, offer, self._not_built)

    def _offer_to_unlock(self, words: str, _nothing: None) -> None:
        self._services = None
        self.window.show_message("key", "Locked", words, ("Unlock", self.begin))

    def _not_built(self, error: Exception) -> None:
        self.failed = True
        words = (
            error.sentence
            if isinstance(error, PocketfaceError)
            else "Something went wrong that should not have; the log file says what."
        )
        acts = [("Try again", self.begin)]
        if isinstance(error, VisionError) and self._settings.model != BUILT_IN_MODEL:
            acts.append(("Use the built-in model", self._use_built_in))
        acts.append(("Close", self._close_window))
        self.window.show_message("caution", "The program cannot begin its work", words, *acts)

    def _use_built_in(self) -> None:
        self._settings = structs.replace(self._settings, model=BUILT_IN_MODEL)
        self.begin()

    def _close_window(self) -> None:
        self.window.close()

    def _release(self) -> None:
        if self._services is not None:
            self._services.close()


def open_window(
    settings: Settings,
    folders: Folders,
    ask_passphrase: Callable[[], str] | None,
    seconds: float | None,
) -> int:
    """Show the window until it is closed; 0, or 4 where it could not begin its work."""
    app = application()
    look = Look(settings.theme)
    opening = Opening(settings, folders, look, ask_passphrase)
    _close_after(opening.window, seconds)
    opening.window.show()
    opening.begin()
    app.exec()
    opening.close()
    return FAILED_EXIT if opening.failed else 0


def open_demo(
    services: Services, source: Callable[[], FrameSource], banner: str, seconds: float | None
) -> int:
    """Show the window on services that are there already, the camera running at once."""
    app = application()
    look = Look(services.settings.theme)
    window = MainWindow(look, services.close)
    window.attach(Program(services, banner, source).actions())
    _close_after(window, seconds)
    window.show()
    window.verify.start_when_ready()
    app.exec()
    window.shut_down()
    return 0


def render(
    path: Path,
    services: Services,
    source: Callable[[], FrameSource],
    subject: str | None,
    theme: Theme,
    timeout_s: float,
) -> Path:
    """Save a picture of the window once it has decided about what the source shows."""
    application()
    look = Look(theme)
    window = MainWindow(look, _nothing)
    window.attach(Program(services, "", source).actions())
    window.show()
    window.verify.start_when_ready(subject)
    _wait_for(lambda: window.verify.decided, timeout_s)
    _wait_for(_never, SETTLE_S)
    window.grab().save(os.fspath(path))
    window.shut_down()
    window.close()
    return path


def _wait_for(ready: Callable[[], bool], timeout_s: float) -> None:
    """Run the event loop until something is so, or for as long as allowed."""
    loop = QEventLoop()
    look = QTimer()
    look.setInterval(LOOK_MS)
    look.timeout.connect(partial(_quit_when, loop, ready))
    look.start()
    QTimer.singleShot(round(timeout_s * 1e3), loop.quit)
    loop.exec()
    look.stop()


def _quit_when(loop: QEventLoop, ready: Callable[[], bool]) -> None:
    if ready():
        loop.quit()


def _close_after(window: MainWindow, seconds: float | None) -> None:
    if seconds is not None:
        QTimer.singleShot(round(seconds * 1e3), window.close)


def _never() -> bool:
    return False


def _nothing() -> None:
    """The services belong to somebody else."""
