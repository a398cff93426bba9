import threading
from collections.abc import Callable, Iterator

import pytest

from app.runtime.threads import Control, LoopThread, Progress, Worker
from core.errors import Cancelled, UsageError


class Bell:
    """Counts wake-ups, and lets a test wait for the next one."""

    def __init__(self) -> None:
        self.rung = threading.Semaphore(0)

    def __call__(self) -> None:
        self.rung.release()

    def wait(self) -> None:
        assert self.rung.acquire(timeout=3)


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def worker(bell: Bell) -> Iterator[Worker]:
    result = Worker("test", bell)
    yield result
    assert result.close(timeout_s=3)


def fail(error: Exception) -> None:
    raise error


def test_a_loop_ends_when_its_step_says_so(bell: Bell) -> None:
    turns: list[int] = []
    ends: list[str] = []

    def step() -> bool:
        turns.append(1)
        return len(turns) < 3

    loop = LoopThread("test", step, lambda: ends.append("finished"), bell)
    loop.start()
    bell.wait()

    assert loop.join(timeout_s=3)
    assert (len(turns), ends, loop.ended, loop.failure) == (3, ["finished"], True, None)


def test_a_loop_that_fails_keeps_the_failure_and_still_finishes(bell: Bell) -> None:
    ends: list[str] = []
    loop = LoopThread(
        "test", lambda: fail(UsageError(reason="no")), lambda: ends.append("finished"), bell
    )
    loop.start()
    bell.wait()

    assert loop.join(timeout_s=3)
    assert isinstance(loop.failure, UsageError)
    assert ends == ["finished"]


def test_a_loop_stops_after_the_present_step(bell: Bell) -> None:
    entered, leave = threading.Event(), threading.Event()

    def step() -> bool:
        entered.set()
        return leave.wait(3)

    loop = LoopThread("test", step, lambda: None, bell)
    loop.start()
    assert entered.wait(3)
    loop.stop()
    assert not loop.join(timeout_s=0)
    leave.set()

    assert loop.join(timeout_s=3)


def test_a_loop_that_never_started_is_joined_at_once(bell: Bell) -> None:
    loop = LoopThread("test", lambda: True, lambda: None, bell)

    assert loop.join(timeout_s=0)
    assert not loop.ended


def test_jobs_run_one_after_another_on_one_other_thread(worker: Worker, bell: Bell) -> None:
    order: list[int] = []
    threads: set[int] = set()

    def work(number: int) -> Callable[[], int]:
        def run() -> int:
            order.append(number)
            threads.add(threading.get_ident())
            return number

        return run

    answers: list[int] = []
    for number in range(5):
        worker.submit(work(number), answers.append, fail)
    for _ in range(5):
        bell.wait()
    assert answers == []  # nothing is called back on the worker's own thread
    worker.deliver()

    assert (order, answers) == ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4])
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_a_failed_job_answers_with_its_exception(worker: Worker, bell: Bell) -> None:
    failures: list[Exception] = []
    worker.submit(lambda: fail(UsageError(reason="no")), fail, failures.append)
    bell.wait()
    worker.deliver()

    assert [type(failure) for failure in failures] == [UsageError]


def test_a_cancelled_job_is_told_and_answers_nothing(worker: Worker, bell: Bell) -> None:
    running, answers = threading.Event(), []

    def work(control: Control) -> None:
        running.set()
        while not control.cancelled():
            pass
        raise Cancelled

    job = worker.submit_long(work, answers.append, answers.append, answers.append)
    assert running.wait(3)
    job.cancel()
    worker.submit(lambda: "next", answers.append, fail)
    bell.wait()
    worker.deliver()

    assert answers == ["next"]


def test_the_result_of_a_job_cancelled_too_late_is_dropped(worker: Worker, bell: Bell) -> None:
    answers: list[str] = []
    job = worker.submit(lambda: "late", answers.append, fail)
    bell.wait()
    job.cancel()
    worker.deliver()

    assert answers == []


def test_a_job_reports_how_far_it_is(worker: Worker, bell: Bell) -> None:
    seen: list[Progress] = []

    def work(control: Control) -> str:
        control.report(Progress(1, 2))
        return "done"

    worker.submit_long(work, lambda _: None, fail, seen.append)
    bell.wait()
    bell.wait()
    worker.deliver()

    assert seen == [Progress(1, 2)]


def test_closing_does_what_waits_and_then_ends(bell: Bell) -> None:
    worker = Worker("test", bell)
    done: list[int] = []
    for number in range(3):
        worker.submit(lambda number=number: done.append(number), lambda _: None, fail)

    assert worker.close(timeout_s=3)
    assert done == [0, 1, 2]


def test_closing_tells_a_long_job_to_stop(bell: Bell) -> None:
    worker = Worker("test", bell)
    running = threading.Event()

    def work(control: Control) -> None:
        running.set()
        while not control.cancelled():
            pass
        raise Cancelled

    worker.submit_long(work, fail, fail, lambda _: None)
    assert running.wait(3)

    assert worker.close(timeout_s=3)
