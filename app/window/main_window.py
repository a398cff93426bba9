"""The window: navigation, one page at a time, notices, and the way out."""

import logging
import time
from collections.abc import Callable
from functools import cached_property
from typing import Protocol

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QCloseEvent, QIcon, QKeySequence, QShortcut
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QWidget

from app.runtime.live import LiveView
from app.runtime.threads import Worker
from app.runtime.waker import Waker
from app.widgets.elements import EmptyState, button, column, label, row, set_tone
from app.widgets.look import Look
from app.widgets.notice_bar import NoticeBar
from app.widgets.rail import Rail
from app.widgets.theme import GAP_M, GAP_S, GAP_XL
from app.window.about_page import AboutPage
from app.window.actions import Actions, Desk
from app.window.enrol_page import EnrolPage
from app.window.exchange_page import ExchangePage
from app.window.models_page import ModelsPage
from app.window.people_page import PeoplePage
from app.window.security_page import SecurityPage
from app.window.settings_page import SettingsPage
from app.window.verify_page import VerifyPage
from core.domain.template import Subject, SubjectId
from core.settings import Settings

log = logging.getLogger(__name__)

VERIFY, ENROL, PEOPLE, EXCHANGE, MODELS, SECURITY, SETTINGS, ABOUT = range(8)
PAGES = (
    ("Verify", "verify"),
    ("Enrol", "enrol"),
    ("People", "people"),
    ("Exchange", "exchange"),
    ("Models", "models"),
    ("Security", "key"),
    ("Settings", "settings"),
    ("About", "about"),
)
PAGE_NAMES = (
    "verify",
    "enrol",
    "people",
    "exchange",
    "models",
    "security",
    "settings",
    "about",
)
SIZE = QSize(1240, 800)
LEAST_SIZE = QSize(980, 640)
_LOCKED_WORDS = {
    "passphrase": "The gallery is closed. Its passphrase opens it again.",
    "keyring": "The gallery is closed. Its key lies in the system's key ring, so whoever uses this "
    "account can open it again; a passphrase would prevent that.",
    "file": "The gallery is closed. Its key lies in a file, so whoever uses this account can open "
    "it again; a passphrase would prevent that.",
}
# Closing may take six seconds in all: the camera and vision threads have two each.
STORAGE_CLOSE_S, BACKGROUND_CLOSE_S = 1.0, 0.5


class Page(Protocol):
    """What the window asks of every page."""

    def enter(self) -> None:
        """The page comes into view."""
        ...

    def leave(self) -> None:
        """The page goes out of view."""
        ...


class MainWindow(QMainWindow):
    """Shows that it is getting ready until `attach` brings it to life."""

    locked = Signal(str)  # the pages are gone; what to say once the gallery is closed

    def __init__(self, look: Look, release: Callable[[], None]) -> None:
        """Start the workers.

        Args:
            look: Colours and icons.
            release: Closes what was built, as the last job of the storage thread.
        """
        super().__init__()
        self._look = look
        self._release = release
        self._closed = False
        self._current: int | None = None
        self.waker = Waker(self._on_wake)
        self.live = LiveView(self.waker.wake)
        self.storage = Worker("storage", self.waker.wake)
        self.background = Worker("background", self.waker.wake)
        self.notices = NoticeBar(look)
        self.desk = Desk(look, self.notices, self.storage, self.background)
        self.setWindowTitle("pocketface")
        self.setWindowIcon(QIcon(look.pixmap("pocketface", look.palette.accent, 64)))
        self.setMinimumSize(LEAST_SIZE)
        self.resize(SIZE)
        for key, act in (
            ("Esc", self.notices.dismiss),
            (QKeySequence.StandardKey.Quit, self.close),
            ("Ctrl+L", self.lock),
        ):
            QShortcut(QKeySequence(key), self).activated.connect(act)
        self.show_message("verify", "Getting ready", "Opening the models and the gallery.")

    def show_message(
        self, icon: str, title: str, words: str, *acts: tuple[str, Callable[[], None]]
    ) -> None:
        """Fill the window with one message, before there are pages.

        Args:
            icon: A name.
            title: A few words.
            words: Shown literally.
            acts: Words and callables of buttons.
        """
        buttons = [button(text, act) for text, act in acts]
        message = EmptyState(self._look, icon, title, words, *buttons)
        holder = QWidget()
        holder.setProperty("page", True)  # noqa: FBT003 - Qt's signature
        holder.setLayout(column(message))
        self.setCentralWidget(holder)
        if buttons:
            buttons[0].setFocus()

    def attach(self, actions: Actions) -> None:
        """Show the first page; the others are built when they are first wanted."""
        self._actions = actions
        self._stack = QStackedWidget()
        self.rail = Rail(self._look, PAGES, actions.security.key_notice() or "")
        self.rail.chosen.connect(self.go_to)
        self.setCentralWidget(self._frame(actions.facts.banner))
        self.go_to(VERIFY)

    # The pages, each built once.

    @cached_property
    def verify(self) -> VerifyPage:
        """Verify."""
        page = VerifyPage(self.desk, self.live, self._actions)
        page.enrolment_wanted.connect(self._go_to_enrol)
        page.source_wanted.connect(self._go_to_settings)
        return page

    @cached_property
    def enrol(self) -> EnrolPage:
        """Enrol."""
        page = EnrolPage(self.desk, self.live, self._actions)
        page.enrolled.connect(self._enrolled)
        page.source_wanted.connect(self._go_to_settings)
        return page

    @cached_property
    def people(self) -> PeoplePage:
        """People."""
        page = PeoplePage(self.desk, self._actions)
        page.enrolment_wanted.connect(self._go_to_enrol)
        page.verification_wanted.connect(self._verify_subject)
        return page

    @cached_property
    def exchange(self) -> ExchangePage:
        """Exchange."""
        return ExchangePage(self.desk, self._actions)

    @cached_property
    def models(self) -> ModelsPage:
        """Models."""
        return ModelsPage(self.desk, self._actions)

    @cached_property
    def security(self) -> SecurityPage:
        """Security."""
        page = SecurityPage(self.desk, self._actions)
        page.lock_wanted.connect(self.lock)
        page.key_changed.connect(self._key_changed)
        return page

    @cached_property
    def settings(self) -> SettingsPage:
        """Settings."""
        page = SettingsPage(self.desk, self._actions)
        page.saved.connect(self._settings_saved)
        return page

    @cached_property
    def about(self) -> AboutPage:
        """About."""
        return AboutPage(self.desk, self._actions)

    def _page(self, index: int) -> Page:
        """A page by its number."""
        page: Page = getattr(self, PAGE_NAMES[index])
        return page

    def _frame(self, banner: str) -> QWidget:
        words = label(banner)
        set_tone(words, "caution")
        strip = QWidget()
        above = column(words, self.notices, spacing=GAP_S)
        above.setContentsMargins(GAP_XL, GAP_M, GAP_XL, 0)
        strip.setLayout(above)
        words.setVisible(bool(banner))
        right = column(strip, self._stack, spacing=0)
        right.setStretch(1, 1)
        result = QWidget()
        layout = row(self.rail, spacing=0)
        layout.addLayout(right, 1)
        result.setProperty("page", True)  # noqa: FBT003 - Qt's signature
        result.setLayout(layout)
        return result

    # Locking.

    def lock(self) -> None:
        """Put the camera out and all pages away; whoever listens closes the gallery."""
        if self._current is None:
            return
        self._page(self._current).leave()
        self._current = None
        self.notices.dismiss()
        self.notices.setParent(None)  # goes into the frame of the next pages
        words = _LOCKED_WORDS.get(self._actions.security.key_home(), "")
        for name in PAGE_NAMES:
            self.__dict__.pop(name, None)
        self.show_message("key", "Locking", "The gallery is being closed.")
        self.locked.emit(words)

    def _key_changed(self) -> None:
        self.rail.show_notice(self._actions.security.key_notice() or "")

    # Moving between pages.

    def go_to(self, index: int) -> None:
        """Bring a page into view."""
        if self._current is not None and index != self._current:
            self._page(self._current).leave()
        self._current = index
        page = self._page(index)
        assert isinstance(page, QWidget), "every page is a widget"
        self.rail.show_chosen(index)
        self._stack.addWidget(page)  # harmless where it is there already
        self._stack.setCurrentWidget(page)
        self.setWindowTitle(f"{PAGES[index][0]} · pocketface")
        page.enter()

    def _go_to_enrol(self) -> None:
        self.go_to(ENROL)

    def _go_to_settings(self) -> None:
        self.go_to(SETTINGS)
        self.settings.source.setFocus()

    def _verify_subject(self, subject_id: str) -> None:
        self.verify.choose(SubjectId(subject_id))
        self.go_to(VERIFY)

    def _enrolled(self, subject: Subject) -> None:
        pictures = "1 picture" if subject.references == 1 else f"{subject.references} pictures"
        self.verify.reload_and_choose(subject.subject_id)
        self.notices.say(
            f"{subject.name} is enrolled with {pictures}.", act=("Verify now", self._go_to_verify)
        )

    def _go_to_verify(self) -> None:
        self.go_to(VERIFY)

    def _settings_saved(self, settings: Settings) -> None:
        self._look.set_theme(settings.theme)

    # Threads.

    def _on_wake(self) -> None:
        self.storage.deliver()
        self.background.deliver()
        if self._current == VERIFY:
            self.verify.look()
        elif self._current == ENROL:
            self.enrol.look()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Join every thread, then let the window go."""
        self.shut_down()
        event.accept()

    def shut_down(self) -> None:
        """Stop accepting input, stop camera and vision, finish storing; harmless twice."""
        if self._closed:
            return
        self._closed = True
        started = time.perf_counter()
        self.setEnabled(False)
        self.notices.dismiss()
        ended = [self.live.close()]
        self.storage.submit(self._release, _ignore, _ignore)
        self.waker.close()
        ended += [self.storage.close(STORAGE_CLOSE_S), self.background.close(BACKGROUND_CLOSE_S)]
        if not all(ended):
            log.error("live, storage, background ended: %s", ended)
        log.info("closed in %.2f s", time.perf_counter() - started)


def _ignore(_answer: object) -> None:
    """Nobody is left to hear."""
