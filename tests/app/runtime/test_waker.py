import sys
import threading
from collections.abc import Callable

from pytestqt.qtbot import QtBot

from app.runtime.waker import Waker


def test_many_calls_before_the_handler_ran_are_one(qtbot: QtBot) -> None:
    calls: list[int] = []
    waker = Waker(lambda: calls.append(1))

    for _ in range(100):
        waker.wake()
    assert calls == []
    qtbot.waitUntil(lambda: bool(calls), timeout=10_000)

    assert calls == [1]


def test_the_handler_runs_on_the_ui_thread(
    qtbot: QtBot, until: Callable[[Callable[[], bool]], None]
) -> None:
    seen: list[threading.Thread] = []
    waker = Waker(lambda: seen.append(threading.current_thread()))

    thread = threading.Thread(target=waker.wake)
    thread.start()
    thread.join()
    until(lambda: bool(seen))

    assert seen == [threading.main_thread()]


def test_a_wake_up_from_within_the_handler_is_not_lost(
    qtbot: QtBot, until: Callable[[Callable[[], bool]], None]
) -> None:
    calls: list[int] = []

    def handle() -> None:
        calls.append(1)
        if len(calls) < 3:
            waker.wake()

    waker = Waker(handle)
    waker.wake()
    until(lambda: len(calls) == 3)


def test_a_closed_waker_stays_silent(qtbot: QtBot) -> None:
    calls: list[int] = []
    waker = Waker(lambda: calls.append(1))
    waker.wake()
    waker.close()
    waker.wake()

    done: list[int] = []
    other = Waker(lambda: done.append(1))
    other.wake()
    qtbot.waitUntil(lambda: bool(done), timeout=10_000)

    assert calls == []


def test_waking_costs_no_reference_to_the_constants(
    qtbot: QtBot, until: Callable[[Callable[[], bool]], None]
) -> None:
    """A binding that drops them (PySide6 6.12.0 before Python 3.12) ends the process in time."""
    rounds = 300
    calls: list[int] = []

    def handle() -> None:
        calls.append(1)
        if len(calls) < rounds:
            waker.wake()

    waker = Waker(handle)
    before = sys.getrefcount(None), sys.getrefcount(True)
    waker.wake()
    until(lambda: len(calls) == rounds)

    after = sys.getrefcount(None), sys.getrefcount(True)
    assert after[0] > before[0] - rounds / 2
    assert after[1] > before[1] - rounds / 2
