"""An attempt from beginning to end in one thread, for the command line."""

from collections.abc import Callable
from typing import TypeVar

from core.attempts.enrol import EnrolAttempt
from core.attempts.verify import VerifyAttempt
from core.domain.result import Analysis, EnrolState, FrameResult, VerifyState
from core.errors import Cancelled
from core.pipeline import Parts, analyse
from core.ports import FrameSource

State = TypeVar("State", VerifyState, EnrolState)


def run_verification(
    source: FrameSource,
    parts: Parts,
    attempt: VerifyAttempt,
    on_result: Callable[[FrameResult], None],
    cancelled: Callable[[], bool],
) -> VerifyState:
    """Feed frames until there is a decision or the source ends.

    The source is left open for its owner to close.

    Raises:
        CaptureError: The source failed.
        Cancelled: `cancelled` said so.
    """
    return _run(source, parts, attempt.observe, attempt.finish, _is_decided, on_result, cancelled)


def run_enrolment(
    source: FrameSource,
    parts: Parts,
    attempt: EnrolAttempt,
    on_result: Callable[[FrameResult], None],
    cancelled: Callable[[], bool],
) -> EnrolState:
    """Feed frames until the enrolment ends; see `run_verification`."""
    return _run(source, parts, attempt.observe, attempt.finish, _is_ended, on_result, cancelled)


def _is_decided(state: VerifyState) -> bool:
    return state.decision is not None


def _is_ended(state: EnrolState) -> bool:
    return state.end is not None


def _run(
    source: FrameSource,
    parts: Parts,
    observe: Callable[[Analysis], State],
    finish: Callable[[], State],
    ended: Callable[[State], bool],
    on_result: Callable[[FrameResult], None],
    cancelled: Callable[[], bool],
) -> State:
    while True:
        if cancelled():
            raise Cancelled
        frame = source.read()
        if frame is None:
            return finish()
        analysis = analyse(frame, parts)
        state = observe(analysis)
        on_result(FrameResult(analysis, state))
        if ended(state):
            return state
