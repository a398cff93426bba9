"""Axes of a chart: where values lie between the ends, and which round numbers are marked."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_TICKS = 8  # more labels on 700 px of axis run into each other
MARGIN = 0.04  # of the range, left free at both ends so that no line lies on the frame
ROUND_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)  # times a power of ten
SPAN_OF_DECADES = 1.5  # powers of ten alone mark a logarithmic axis from this many decades on

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis.

    Attributes:
        low: Value at its start.
        high: Value at its end; above `low`.
        log: Whether equal ratios are equally far apart; both ends are then above 0.
    """

    low: float
    high: float
    log: bool = False

    def place(self, values: ArrayLike) -> Floats:
        """Where values lie: 0 at the start, 1 at the end; NaN where they have no place."""
        numbers = np.asarray(values, dtype=np.float64)
        low, high = self.low, self.high
        if self.log:
            numbers = np.log10(np.where(numbers > 0, numbers, np.nan))
            low, high = math.log10(low), math.log10(high)
        placed = (numbers - low) / (high - low)
        return np.where(np.isfinite(placed), placed, np.nan)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Round values within the axis and how they are written, ascending."""
        return self._log_ticks() if self.log else self._linear_ticks()

    def _linear_ticks(self) -> tuple[tuple[float, str], ...]:
        span = self.high - self.low
        power = 10.0 ** math.floor(math.log10(span / MOST_TICKS))
        step = next(power * f for f in ROUND_STEPS if span / (power * f) <= MOST_TICKS)
        # The step's own decimals: 0.25 needs two, 0.2 one, 50 none.
        decimals = max(0, -math.floor(math.log10(power)))
        decimals = max(0, decimals - 1) if step == power * ROUND_STEPS[-1] else decimals
        if step == power * 2.5:
            decimals += 1
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        values = [index * step for index in range(first, last + 1)]
        return tuple((value, f"{value + 0.0:,.{decimals}f}") for value in values)

    def _log_ticks(self) -> tuple[tuple[float, str], ...]:
        first, last = math.log10(self.low), math.log10(self.high)
        factors = (1,) if last - first >= SPAN_OF_DECADES else (1, 2, 5)
        powers = range(math.floor(first), math.ceil(last) + 1)
        every = max(1, math.ceil((last - first) / MOST_TICKS))
        values = [
            factor * 10.0**power for power in powers if power % every == 0 for factor in factors
        ]
        inside = [value for value in values if first <= math.log10(value) + 1e-9 <= last + 2e-9]
        return tuple((value, in_short(value)) for value in inside)


def in_short(value: float) -> str:
    """A number in few characters, such as 0.001, 1e-6 or 2e7."""
    mantissa, exponent, power = f"{value:g}".partition("e")
    return f"{mantissa}e{int(power)}" if exponent else mantissa


def axis_around(values: Sequence[ArrayLike], *, log: bool = False) -> Axis:
    """The axis that shows all finite values (all positive ones where it is logarithmic).

    Without any it goes from 0.1 or 0 to 1.
    """
    parts = [np.asarray(part, dtype=np.float64).ravel() for part in values]
    numbers = np.concatenate(parts) if parts else np.empty(0)
    numbers = numbers[np.isfinite(numbers) & ((numbers > 0) | (not log))]
    if not numbers.size:
        return Axis(0.1 if log else 0.0, 1.0, log)
    low, high = float(numbers.min()), float(numbers.max())
    if log:
        first, last = math.log10(low), math.log10(high)
        margin = (last - first) * MARGIN or 0.5
        return Axis(10 ** (first - margin), 10 ** (last + margin), log=True)
    margin = (high - low) * MARGIN or abs(low) * 0.5 or 0.5
    return Axis(low - margin, high + margin)
