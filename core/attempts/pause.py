"""How long to wait after attempts that failed: a growing pause that a restart does not end."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import AttemptsPausedError
from core.ports import Ledger

LONGEST = timedelta(hours=1)  # a person who was locked out by others' attempts comes back
MEMORY = timedelta(days=1)  # failures count for so long towards a longer pause
_MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class PauseRule:
    """When attempts are held up.

    Attributes:
        failures: So many within `within` bring a pause of that length; each further pause of a
            day, without an acceptance in between, is twice as long. 0 switches pauses off.
    """

    failures: int = 5
    within: timedelta = timedelta(minutes=3)


def paused_until(failures: Sequence[datetime], rule: PauseRule) -> datetime | None:
    """When the next attempt is possible; None if no failure brought a pause.

    Args:
        failures: Oldest first.
    """
    if not rule.failures:
        return None
    recent: deque[datetime] = deque(maxlen=rule.failures)
    pause, until = rule.within, None
    for at in failures:
        recent.append(at)
        if len(recent) == rule.failures and at - recent[0] <= rule.within:
            until = at + pause
            pause = min(2 * pause, LONGEST)
            recent.clear()
    return until


def need_no_pause(ledger: Ledger, rule: PauseRule, now: datetime) -> None:
    """Let an attempt begin.

    Raises:
        AttemptsPausedError: Too many failed; it says how long to wait.
    """
    until = paused_until(_remembered(ledger, now), rule)
    # A clock that was set back must not lock everybody out for as long as it was set back.
    if until is not None and now < until <= now + LONGEST + rule.within:
        raise AttemptsPausedError(wait=_in_words(until - now))


def note_outcome(ledger: Ledger, *, accepted: bool, now: datetime) -> None:
    """Count a live attempt that ended with a clear answer."""
    if not accepted:
        ledger.add_failure(now, now - MEMORY)
    elif ledger.failures():
        ledger.forget_failures()


def _remembered(ledger: Ledger, now: datetime) -> list[datetime]:
    return [at for at in ledger.failures() if at >= now - MEMORY]


def _in_words(wait: timedelta) -> str:
    seconds = max(1, round(wait.total_seconds()))
    if seconds < _MINUTE_S:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    minutes = -(-seconds // _MINUTE_S)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
