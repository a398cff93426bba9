import threading

import pytest

from core.capture.device import DeviceClosedError, DeviceThread
from core.capture.errors import CameraMissingError
from tests.fakes.frames import Hang


def test_calls_run_in_order_on_one_thread_that_is_not_the_callers() -> None:
    thread = DeviceThread("device")

    first, second = (thread.call(threading.get_ident, 5.0) for _ in range(2))

    assert first == second != threading.get_ident()
    assert thread.close(wait_s=5.0)


@pytest.mark.parametrize("fault", [OSError("x"), ValueError("x"), CameraMissingError(camera="x")])
def test_what_a_call_raises_reaches_the_caller_and_the_thread_lives_on(fault: Exception) -> None:
    thread = DeviceThread("device")

    def fail() -> None:
        raise fault

    with pytest.raises(type(fault)):
        thread.call(fail, 5.0)

    assert thread.call(lambda: 7, 5.0) == 7
    thread.close(wait_s=5.0)


def test_a_hanging_call_costs_its_deadline_and_closing_does_not_wait_for_it() -> None:
    thread, hang = DeviceThread("device"), Hang()
    released = threading.Event()

    with pytest.raises(TimeoutError):
        thread.call(hang.wait, 0.02)
    ended = thread.close(last=released.set)

    assert not ended
    assert not released.is_set()
    hang.let_go()
    assert thread.close(wait_s=5.0)
    assert released.is_set()


def test_the_thread_of_a_hung_driver_keeps_no_process_alive() -> None:
    thread, hang = DeviceThread("hung driver"), Hang()

    with pytest.raises(TimeoutError):
        thread.call(hang.wait, 0.02)

    assert [t.daemon for t in threading.enumerate() if t.name == "hung driver"] == [True]
    hang.let_go()
    thread.close(wait_s=5.0)


def test_closing_from_another_thread_ends_a_waiting_call_at_once() -> None:
    thread, hang = DeviceThread("device"), Hang()
    closer = threading.Thread(target=lambda: (hang.entered.wait(5.0), thread.close()))
    closer.start()

    with pytest.raises(DeviceClosedError):
        thread.call(hang.wait, 30.0)

    closer.join(5.0)
    hang.let_go()
    assert thread.close(wait_s=5.0)


def test_a_call_after_closing_is_refused() -> None:
    thread = DeviceThread("device")
    thread.close(wait_s=5.0)

    with pytest.raises(DeviceClosedError):
        thread.call(lambda: 1, 5.0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_defect_in_a_call_is_told_at_once() -> None:
    thread = DeviceThread("device")

    def defect() -> None:
        raise ZeroDivisionError

    with pytest.raises(RuntimeError, match="broke off"):
        thread.call(defect, 30.0)
    thread.close(wait_s=5.0)
