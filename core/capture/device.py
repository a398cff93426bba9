"""A thread that owns a driver's object, so that a driver that hangs costs a deadline at most."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol, TypeVar, cast

from core.errors import PocketfaceError
from core.opencv import cv2

Result = TypeVar("Result")

# What a task may raise back to its caller; anything else is a defect and ends the thread.
_TASK_FAULTS = (cv2.error, OSError, RuntimeError, ValueError, MemoryError, PocketfaceError)


class CaptureDevice(Protocol):
    """The part of cv2.VideoCapture that is used; fakes stand in for it in tests."""

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Whether the device was opened."""
        ...

    def read(self) -> tuple[bool, object]:
        """(True, uint8 (H, W, 3) BGR), or (False, None)."""
        ...

    def get(self, propId: int, /) -> float:  # noqa: N803 - OpenCV's name
        """A property's value; 0 where there is none."""
        ...

    def set(self, propId: int, value: float, /) -> bool:  # noqa: N803 - OpenCV's name
        """Ask for a property's value; whether the device said yes."""
        ...

    def release(self) -> None:
        """Close the device."""
        ...


class DeviceClosedError(Exception):
    """The device was closed while a call waited; internal to this package."""


class _Task:
    """One call on its way through the thread."""

    def __init__(self, run: Callable[[], object]) -> None:
        self.run = run
        self.done = False
        self.result: object = None
        self.fault: Exception | None = None


class DeviceThread:
    """Runs calls one after another on a daemon thread of its own.

    A call that takes longer than its deadline is given up by the caller, never interrupted: the
    thread stays with the driver until that returns, runs what was queued last (the release) and
    ends. Being a daemon, it keeps no process alive.
    """

    def __init__(self, name: str) -> None:
        self._changed = threading.Condition()
        self._queue: deque[_Task] = deque()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def call(self, run: Callable[[], Result], deadline_s: float) -> Result:
        """The result of `run`, called on the thread.

        Raises:
            TimeoutError: Not done within `deadline_s` seconds.
            DeviceClosedError: `close` was called meanwhile, from whichever thread.
            OSError, cv2.error, PocketfaceError: Whatever `run` raised.
        """
        task = _Task(run)
        with self._changed:
            if not self._closed:
                self._queue.append(task)
                self._changed.notify_all()
            self._changed.wait_for(lambda: task.done or self._closed, deadline_s)
            if self._closed:
                raise DeviceClosedError
        if not task.done:
            raise TimeoutError
        if task.fault is not None:
            raise task.fault
        return cast("Result", task.result)  # done without a fault, so it is what `run` returned

    def close(self, last: Callable[[], object] | None = None, wait_s: float = 0.0) -> bool:
        """End the thread after its present call and `last`; whether it ended within `wait_s`."""
        with self._changed:
            if not self._closed:
                self._closed = True
                self._queue.clear()
                if last is not None:
                    self._queue.append(_Task(last))
                self._changed.notify_all()
        if self._thread is threading.current_thread():
            return False
        self._thread.join(wait_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (task := self._next()) is not None:
            try:
                task.result = task.run()
            except _TASK_FAULTS as fault:
                task.fault = fault
            except BaseException:
                # A defect: the traceback goes to threading.excepthook, and the caller must not
                # wait for its deadline to learn of it.
                task.fault = RuntimeError("the device thread broke off")
                raise
            finally:
                with self._changed:
                    task.done = True
                    self._changed.notify_all()

    def _next(self) -> _Task | None:
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            return self._queue.popleft() if self._queue else None
