"""Which part of the full rate applies at a point of a run: a table of functions."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from training.order import Lengths
from training.recipe.sections import ScheduleSection

LOWEST_START = 0.04  # one-cycle begins at a 25th of the full rate, as Smith's policy does


@dataclass(frozen=True, slots=True)
class Point:
    """Where a run or branch stands, in presentations.

    Attributes:
        shown: So far.
        total: At the end.
        start: Where this run or branch began to count, so that a short branch may be all decay.
    """

    shown: int
    total: int
    start: int = 0

    @property
    def progress(self) -> float:
        """Part of the run or branch that is over, 0–1."""
        return min(1.0, (self.shown - self.start) / max(1, self.total - self.start))


def _constant(_section: ScheduleSection, _point: Point, _lengths: Lengths) -> float:
    return 1.0


def _linear(section: ScheduleSection, point: Point, lengths: Lengths) -> float:
    decay = lengths.of(section.decay) or point.total
    begin = max(point.start, point.total - decay)
    if point.shown <= begin:
        return 1.0
    left = max(0.0, (point.total - point.shown) / (point.total - begin))
    return section.floor + (1 - section.floor) * left


def _cosine(section: ScheduleSection, point: Point, _lengths: Lengths) -> float:
    falling = (1 + math.cos(math.pi * point.progress)) / 2
    return section.floor + (1 - section.floor) * falling


def _one_cycle(section: ScheduleSection, point: Point, _lengths: Lengths) -> float:
    if point.progress < section.peak:
        rising = (1 - math.cos(math.pi * point.progress / section.peak)) / 2
        return LOWEST_START + (1 - LOWEST_START) * rising
    rest = max(1e-9, 1 - section.peak)
    falling = (1 + math.cos(math.pi * (point.progress - section.peak) / rest)) / 2
    return section.floor + (1 - section.floor) * falling


def _drops(section: ScheduleSection, point: Point, lengths: Lengths) -> float:
    passed = sum(point.shown >= lengths.of(drop) for drop in section.drops)
    return float(section.factor**passed)


SCHEDULES: dict[str, Callable[[ScheduleSection, Point, Lengths], float]] = {
    "constant": _constant,
    "linear": _linear,
    "cosine": _cosine,
    "one-cycle": _one_cycle,
    "drops": _drops,
}


def rate_share(section: ScheduleSection, point: Point, lengths: Lengths) -> float:
    """The part of the full rate that the next update takes, 0–1.

    Args:
        section: Its warm-up counts from the beginning of all, not of a branch.
    """
    warm_up = lengths.of(section.warm_up)
    rising = min(1.0, (point.shown + 1) / warm_up) if warm_up else 1.0
    return min(rising, SCHEDULES[section.kind](section, point, lengths))
