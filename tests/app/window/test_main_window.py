import threading
import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.runtime import live as live_module
from app.widgets.look import Look
from app.window.main_window import (
    BACKGROUND_CLOSE_S,
    PAGES,
    STORAGE_CLOSE_S,
    VERIFY,
    MainWindow,
)
from core.domain.frame import Frame
from tests.app.window.staging import RED, Stage, Until, make_stage, open_window

ALL = range(len(PAGES))
CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
)


def visit(window: MainWindow, index: int, until: Until) -> QWidget:
    window.go_to(index)
    page = window._stack.currentWidget()
    assert page is not None
    return page


def is_inner(widget: QWidget) -> bool:
    """Whether a widget is a part that Qt itself puts into a control."""
    if widget.objectName().startswith("qt_"):
        return True
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QComboBox | QAbstractItemView | QLineEdit):
            return True
        parent = parent.parentWidget()
    return False


@pytest.mark.parametrize("index", ALL)
def test_every_control_has_an_accessible_name(
    window: MainWindow, stage: Stage, until: Until, index: int
) -> None:
    stage.enrol("Anna", RED)
    page = visit(window, index, until)

    nameless = [
        f"{type(widget).__name__} {widget.objectName()}"
        for widget in page.findChildren(QWidget)
        if isinstance(widget, CONTROLS) and not is_inner(widget) and not widget.accessibleName()
    ]
    assert nameless == []
    assert page.accessibleName()


@pytest.mark.parametrize("index", ALL)
def test_every_label_shows_its_text_literally(window: MainWindow, until: Until, index: int) -> None:
    page = visit(window, index, until)

    formatted = [
        widget.text()
        for widget in page.findChildren(QLabel)
        if widget.text() and widget.textFormat() != Qt.TextFormat.PlainText
    ]
    assert formatted == []


@pytest.mark.parametrize("index", ALL)
def test_tab_reaches_every_control(
    window: MainWindow, qtbot: QtBot, until: Until, index: int
) -> None:
    page = visit(window, index, until)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=10_000)
    wanted = {
        widget
        for widget in page.findChildren(QWidget)
        if isinstance(widget, QAbstractButton | QLineEdit | QComboBox | QAbstractSpinBox)
        and widget.isVisible()
        and widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not is_inner(widget)
        # Of a group of segments, Tab reaches the chosen one and arrow keys the others.
        and not (isinstance(widget, QAbstractButton) and widget.group() is not None)
    }
    reached: set[QWidget] = set()
    for _ in range(len(wanted) * 3 + 30):
        focus = window.focusWidget()
        if focus is not None:
            reached.add(focus)
        window.focusNextChild()

    assert {w.accessibleName() for w in wanted - reached} == set()


def test_pages_are_reached_by_their_shortcuts(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=10_000)
    for index, (title, _) in enumerate(PAGES):
        qtbot.keyClick(window, Qt.Key(Qt.Key.Key_1 + index), Qt.KeyboardModifier.ControlModifier)
        assert window.windowTitle().startswith(title)
        assert window.rail.button(index).isChecked()


def test_escape_closes_a_notice(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=10_000)
    window.notices.say("Saved.")
    qtbot.keyClick(window, Qt.Key.Key_Escape)

    assert not window.notices.isVisible()


def test_closing_ends_every_thread_and_the_gallery(
    window: MainWindow, stage: Stage, until: Until
) -> None:
    stage.enrol("Anna", RED)
    window.verify.start()
    until(lambda: window.verify.view.frame is not None)
    names = {thread.name for thread in threading.enumerate()}
    assert {"camera", "vision", "storage", "background"} <= names

    window.close()

    left = {thread.name for thread in threading.enumerate()}
    assert not left & {"camera", "vision", "storage", "background"}
    assert stage.gallery.closed
    window.shut_down()  # twice is harmless


class HangingCamera:
    identity, live = "hanging", True

    def __init__(self) -> None:
        self.reading, self.released = threading.Event(), threading.Event()

    def read(self) -> Frame | None:
        self.reading.set()
        self.released.wait()
        return None

    def close(self) -> None:
        pass


def test_closing_takes_less_than_six_seconds_while_a_driver_hangs(
    stage: Stage, look: Look, qtbot: QtBot, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = HangingCamera()
    monkeypatch.setattr(stage, "open_camera", lambda: camera)
    monkeypatch.setattr(live_module, "JOIN_S", 1.0)  # of the 4 s in earnest
    window = open_window(stage, look)
    qtbot.addWidget(window)
    stage.enrol("Anna", RED)
    window.verify.start()
    until(camera.reading.is_set)

    started = time.monotonic()
    window.close()

    assert time.monotonic() - started < 3.0
    assert stage.gallery.closed
    camera.released.set()


def test_the_promise_of_six_seconds_holds_by_its_parts() -> None:
    assert live_module.JOIN_S + STORAGE_CLOSE_S + BACKGROUND_CLOSE_S < 6


def test_a_permanent_notice_and_a_banner_stay_in_view(tmp_path, look: Look, qtbot: QtBot) -> None:
    window = open_window(make_stage(tmp_path, notice="The key lies in a file."), look, "A demo")
    qtbot.addWidget(window)
    texts = {widget.text() for widget in window.findChildren(QLabel) if widget.isVisible()}

    assert {"The key lies in a file.", "A demo"} <= texts
    window.close()


def test_a_change_of_theme_reaches_every_page(window: MainWindow, look: Look, until: Until) -> None:
    for index in ALL:
        visit(window, index, until)
    window.go_to(VERIFY)
    before = window.grab().toImage()

    look.set_theme("dark")

    assert window.grab().toImage() != before


def test_a_message_can_stand_in_place_of_the_pages(look: Look, qtbot: QtBot) -> None:
    pressed: list[str] = []
    window = MainWindow(look, lambda: None)
    qtbot.addWidget(window)
    window.show_message("caution", "Stop", "Why.", ("Try again", lambda: pressed.append("again")))
    window.show()
    (button,) = (w for w in window.findChildren(QAbstractButton) if w.isVisible())

    button.click()

    assert pressed == ["again"]
    window.close()
