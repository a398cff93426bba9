"""One offscreen application; every test that leaves a thread or a window behind fails."""

import gc
import os
import threading
from collections.abc import Callable, Iterator

import pytest

if not os.environ.get("POCKETFACE_TEST_SCREEN"):
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.widgets.look import Look
from app.window.main_window import MainWindow
from tests.app.window.staging import Stage, make_stage, open_window

WAIT_MS = 10_000  # far more than anything here takes; a test that needs it has failed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "qtbot" in fixtures or "qapp" in fixtures:
            item.add_marker("gui")
            # Said by Qt's offscreen platform for every window with a least size; no fault of ours.
            item.add_marker(pytest.mark.qt_log_ignore("does not support propagateSizeHints"))


def _ours() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread is not threading.main_thread()}


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """Fails a test after which a thread of ours runs or a window is open."""
    before = _ours()
    yield
    for thread in _ours() - before:
        thread.join(timeout=3)
    left = sorted(thread.name for thread in _ours() - before)
    windows: list[str] = []
    if QApplication.instance() is not None:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        if any(widget.isVisible() for widget in QApplication.topLevelWidgets()):
            gc.collect()
        windows = [type(w).__name__ for w in QApplication.topLevelWidgets() if w.isVisible()]
    assert left == []
    assert windows == []


@pytest.fixture
def look(qapp: QApplication) -> Look:
    return Look("light")


@pytest.fixture
def stage(tmp_path) -> Stage:
    return make_stage(tmp_path)


@pytest.fixture
def window(qtbot: QtBot, look: Look, stage: Stage) -> Iterator[MainWindow]:
    """The window over an empty gallery; closed after the test."""
    result = open_window(stage, look)
    qtbot.addWidget(result)
    yield result
    result.close()


@pytest.fixture
def until(qtbot: QtBot) -> Callable[[Callable[[], bool]], None]:
    """Runs the event loop until something is so; fails when it does not become so."""

    def wait(ready: Callable[[], bool]) -> None:
        qtbot.waitUntil(ready, timeout=WAIT_MS)

    return wait
