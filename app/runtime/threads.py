"""A thread that repeats a step, and a thread that works through jobs one after another."""

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from core.errors import Cancelled, PocketfaceError

log = logging.getLogger(__name__)

Result = TypeVar("Result")
Answer = TypeVar("Answer")


def _record(what: str, error: Exception) -> None:
    """Explained failures are shown to the person anyway; the others need their traceback."""
    if isinstance(error, PocketfaceError):
        log.warning("%s: %s", what, error.code)
    else:
        log.error(what, exc_info=error)


class LoopThread:
    """Calls `step` until it returns False, fails, or `stop` is called.

    Attributes:
        failure: What `step` raised; None while all is well.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], bool],
        finish: Callable[[], None],
        wake: Callable[[], None],
    ) -> None:
        """Prepare; nothing runs before `start`.

        Args:
            name: Of the thread, for logs.
            step: One turn; whether to go on.
            finish: Runs once on the same thread, however the loop ended.
            wake: Called when the loop has ended.
        """
        self.failure: Exception | None = None
        self._step = step
        self._finish = finish
        self._wake = wake
        self._stopping = threading.Event()
        # A daemon only so that a hung driver cannot keep the process alive.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def ended(self) -> bool:
        """Whether the thread has run and is over."""
        return self._thread.ident is not None and not self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Let the present step be the last; returns at once."""
        self._stopping.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; whether it came in time."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            try:
                while not self._stopping.is_set() and self._step():
                    pass
            finally:
                self._finish()
        except Exception as error:  # noqa: BLE001 - see below
            # One of the three broad nets: a thread's failure belongs to whoever watches it.
            _record(f"the loop '{self._thread.name}' ended", error)
            self.failure = error
        self._wake()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job has come: `done` of `total` pieces."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Control:
    """What a running job is given: a question to ask between pieces of work, and a voice."""

    cancelled: Callable[[], bool]
    report: Callable[[Progress], None]


class Job:
    """A handle on work that was submitted."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()

    @property
    def is_cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Ask the work to stop, and forget its result; harmless when it is over."""
        self._cancelled.set()


class Worker:
    """One thread that does jobs in the order they came; their results return to the UI thread."""

    def __init__(self, name: str, wake: Callable[[], None]) -> None:
        """Start the thread.

        Args:
            name: Of the thread, for logs.
            wake: Called from the worker's thread when `deliver` has something to do.
        """
        self._wake = wake
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._ready: deque[Callable[[], None]] = deque()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(
        self,
        work: Callable[[], Result],
        done: Callable[[Result], None],
        failed: Callable[[Exception], None],
    ) -> Job:
        """Queue work that takes well under a second, and so cannot be interrupted.

        Args:
            work: Runs on the worker's thread.
            done: Gets the result, on the UI thread.
            failed: Gets the exception, on the UI thread.
        """
        return self.submit_long(lambda _: work(), done, failed, lambda _: None)

    def submit_long(
        self,
        work: Callable[[Control], Result],
        done: Callable[[Result], None],
        failed: Callable[[Exception], None],
        progress: Callable[[Progress], None],
    ) -> Job:
        """Queue work that says how far it is and can be cancelled; as `submit`.

        Args:
            work: May raise Cancelled, of which nobody hears.
            done: As for `submit`.
            failed: As for `submit`.
            progress: Gets what `work` reports, on the UI thread.
        """
        job = Job()
        self._jobs.put(_Task(job, work, done, failed, progress, self._post, self._closing).run)
        return job

    def deliver(self) -> None:
        """Run the callbacks of finished jobs; call on the UI thread after a wake-up."""
        while self._ready:
            self._ready.popleft()()

    def close(self, timeout_s: float) -> bool:
        """Finish the present job, do those that wait, and end; whether it did so in time.

        Jobs that ask are told that they are cancelled; callbacks are dropped.
        """
        self._closing.set()
        self._jobs.put(None)
        self._thread.join(timeout_s)
        self._ready.clear()
        return not self._thread.is_alive()

    def _post(self, callback: Callable[[], None]) -> None:
        self._ready.append(callback)
        self._wake()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


@dataclass(frozen=True, slots=True)
class _Task(Generic[Result]):
    """A job with everything it needs to run and to answer."""

    job: Job
    work: Callable[[Control], Result]
    done: Callable[[Result], None]
    failed: Callable[[Exception], None]
    progress: Callable[[Progress], None]
    post: Callable[[Callable[[], None]], None]
    closing: threading.Event

    def run(self) -> None:
        if self.job.is_cancelled:
            return
        control = Control(cancelled=self._asked_to_stop, report=self._report)
        try:
            result = self.work(control)
        except Cancelled:
            return
        except Exception as error:  # noqa: BLE001 - see below
            # Another of the three: a job's failure belongs to whoever submitted it.
            _record("a job failed", error)
            self._answer(self.failed, error)
            return
        self._answer(self.done, result)

    def _asked_to_stop(self) -> bool:
        return self.job.is_cancelled or self.closing.is_set()

    def _report(self, progress: Progress) -> None:
        self._answer(self.progress, progress)

    def _answer(self, callback: Callable[[Answer], None], answer: Answer) -> None:
        def call() -> None:
            if not self.job.is_cancelled:
                callback(answer)

        self.post(call)
