from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.attempts.pause import (
    LONGEST,
    MEMORY,
    PauseRule,
    need_no_pause,
    note_outcome,
    paused_until,
)
from core.errors import AttemptsPausedError
from tests.fakes.ledger import MemoryLedger

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
RULE = PauseRule(failures=5, within=timedelta(minutes=3))


def failing(times_s: list[float]) -> MemoryLedger:
    """A ledger of attempts that failed so many seconds after NOW."""
    ledger = MemoryLedger()
    for seconds in times_s:
        note_outcome(ledger, accepted=False, now=NOW + timedelta(seconds=seconds))
    return ledger


def is_paused(ledger: MemoryLedger, after_s: float, rule: PauseRule = RULE) -> bool:
    try:
        need_no_pause(ledger, rule, NOW + timedelta(seconds=after_s))
    except AttemptsPausedError:
        return True
    return False


def test_four_failures_bring_no_pause_and_the_fifth_brings_three_minutes() -> None:
    assert not is_paused(failing([0, 1, 2, 3]), 4)

    ledger = failing([0, 1, 2, 3, 4])
    assert is_paused(ledger, 5)
    assert is_paused(ledger, 4 + 179)
    assert not is_paused(ledger, 4 + 180)


def test_five_failures_spread_over_more_than_three_minutes_bring_no_pause() -> None:
    assert is_paused(failing([0, 45, 90, 135, 180]), 181)
    assert not is_paused(failing([0, 45, 90, 135, 181]), 182)


def test_each_further_pause_is_twice_as_long_up_to_an_hour() -> None:
    times = [0, 1, 2, 3, 4]
    ledger = failing([*times, *(200 + second for second in times)])

    assert is_paused(ledger, 204 + 359)
    assert not is_paused(ledger, 204 + 360)
    many = failing([400 * 60 * turn / 60 + second for turn in range(20) for second in times])
    last = 400 * 19 + 4
    assert is_paused(many, last + 3599)
    assert not is_paused(many, last + 3600)


def test_an_acceptance_begins_anew() -> None:
    ledger = failing([0, 1, 2, 3])
    note_outcome(ledger, accepted=True, now=NOW)
    note_outcome(ledger, accepted=False, now=NOW)

    assert not is_paused(ledger, 1)
    assert len(ledger.failures()) == 1


def test_after_a_day_failures_are_forgotten() -> None:
    ledger = failing([0, 1, 2, 3, 4])
    note_outcome(ledger, accepted=False, now=NOW + MEMORY + timedelta(minutes=1))

    assert len(ledger.failures()) == 1


def test_the_limit_can_be_switched_off() -> None:
    assert not is_paused(failing([0] * 50), 1, PauseRule(failures=0))


def test_a_clock_that_was_set_back_locks_nobody_out_for_long() -> None:
    assert not is_paused(failing([0, 1, 2, 3, 4]), -7 * 24 * 3600)


@pytest.mark.parametrize(
    ("after_s", "words"), [(4.0, "3 minutes"), (100.0, "2 minutes"), (154.0, "30 seconds")]
)
def test_the_sentence_says_how_long_to_wait(after_s: float, words: str) -> None:
    with pytest.raises(AttemptsPausedError, match=words):
        need_no_pause(failing([0, 1, 2, 3, 4]), RULE, NOW + timedelta(seconds=after_s))


@given(st.lists(st.integers(0, 10_000), max_size=60))
def test_a_pause_begins_with_a_failure_and_never_exceeds_an_hour(seconds: list[int]) -> None:
    failures = sorted(NOW + timedelta(seconds=second) for second in seconds)

    until = paused_until(failures, RULE)

    assert until is None or any(at < until <= at + LONGEST for at in failures)
    assert (until is None) or len(failures) >= RULE.failures
