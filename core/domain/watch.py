"""How long work tells how far it is, and hears that it is no longer wanted."""

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import Cancelled


def _silent(_done: int, _total: int) -> None:
    """Nobody looks on."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Watch:
    """Somebody who looks on: told `done` of `total` pieces, asked whether to go on."""

    report: Callable[[int, int], None] = _silent
    cancelled: Callable[[], bool] = _never

    def step(self, done: int, total: int) -> None:
        """Between two pieces of work. Raises Cancelled."""
        if self.cancelled():
            raise Cancelled
        self.report(done, total)


ALONE = Watch()
