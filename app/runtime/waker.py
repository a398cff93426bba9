"""Waking the UI thread from any other, at most once until it has looked."""

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal


class Waker(QObject):
    """Runs a handler on the UI thread soon after `wake` was called on any thread.

    Calls that come before the handler has run are one: nothing piles up in Qt's event queue
    while the UI is busy, and nothing but the wake-up itself travels through it.
    """

    _woken = Signal()

    def __init__(self, handler: Callable[[], None]) -> None:
        """Create on the UI thread.

        Args:
            handler: Looks at what has changed; runs on the UI thread.
        """
        super().__init__()
        self._handler = handler
        self._lock = threading.Lock()
        self._pending = False
        self._closed = False
        # Queued even from the UI thread itself, so that `wake` never re-enters the handler.
        self._woken.connect(self._handle, Qt.ConnectionType.QueuedConnection)

    def wake(self) -> None:
        """Ask for the handler to run; callable from any thread, also after `close`."""
        with self._lock:
            if self._pending or self._closed:
                return
            self._pending = True
        self._woken.emit()

    def close(self) -> None:
        """Never run the handler again."""
        with self._lock:
            self._closed = True

    def _handle(self) -> None:
        with self._lock:
            self._pending = False
            if self._closed:
                return
        self._handler()
