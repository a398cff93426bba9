"""Error rates of comparisons, with intervals, and never finer than the trials carry.

ISO/IEC 19795-1 words. Arithmetic only.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.operating_point import RULE_OF_THREE, OperatingPoint

LEVEL_95_TAIL = 0.025  # probability beyond each end of a 95 % interval
_BISECTIONS = 60  # halvings of [0, 1]; enough for double precision


def fmr_at(threshold: float, non_mated: NDArray[np.floating]) -> float:
    """Share of non-mated scores (n,) at or above the threshold."""
    return float(np.mean(non_mated >= threshold))


def fnmr_at(threshold: float, mated: NDArray[np.floating]) -> float:
    """Share of mated scores (m,) below the threshold."""
    return float(np.mean(mated < threshold))


def threshold_at_fmr(target_fmr: float, non_mated: NDArray[np.floating]) -> float:
    """The lowest threshold whose measured FMR does not exceed the target.

    Args:
        non_mated: (n,), any order; left as it is.

    Raises:
        ValueError: n is too small for the target by the rule of three.
    """
    count = non_mated.size
    if target_fmr < RULE_OF_THREE / max(count, 1):
        raise ValueError(f"an FMR of {target_fmr:g} cannot be measured with {count} comparisons")
    allowed = math.floor(target_fmr * count + 1e-9)
    # The (allowed + 1)-th highest score is the first that must not match.
    highest_refused = np.partition(non_mated, count - allowed - 1)[count - allowed - 1]
    return float(np.nextafter(highest_refused, np.inf, dtype=non_mated.dtype))


def exact_interval(errors: int, trials: int) -> tuple[float, float]:
    """The 95 % Clopper–Pearson interval of a rate of independent trials.

    Found by bisection on the binomial tail, so that no statistics package is needed.
    """
    if not 0 <= errors <= trials or trials < 1:
        raise ValueError("errors are counted out of at least one trial")
    low, high = 0.0, 1.0
    if errors > 0:
        # The rate at which this many errors or more have a chance of 2.5 %.
        fewer = _binomial_tail(errors - 1, trials)
        low = _first_rate_where(lambda rate: 1 - fewer(rate) >= LEVEL_95_TAIL)
    if errors < trials:
        # The rate at which this many errors or fewer have a chance of 2.5 %.
        as_few = _binomial_tail(errors, trials)
        high = _first_rate_where(lambda rate: as_few(rate) <= LEVEL_95_TAIL)
    return low, high


def _first_rate_where(reached: Callable[[float], bool]) -> float:
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def _binomial_tail(errors: int, trials: int) -> Callable[[float], float]:
    """P(X <= errors) of `trials` independent trials, as a function of the rate."""
    k = np.arange(errors + 1, dtype=np.float64)
    # log C(trials, k) by its recurrence, as a running sum.
    steps = np.log((trials - k[:-1]) / (k[:-1] + 1))
    log_binomials = np.concatenate([[0.0], np.cumsum(steps)])

    def tail(rate: float) -> float:
        if rate <= 0 or rate >= 1:
            return 1.0 if rate <= 0 else float(errors >= trials)
        log_terms = log_binomials + k * math.log(rate) + (trials - k) * math.log1p(-rate)
        top = float(log_terms.max())
        return min(1.0, math.exp(top) * float(np.exp(log_terms - top).sum()))

    return tail


@dataclass(frozen=True, slots=True)
class StatedRate:
    """How often a stranger would score this high: about 1 in `one_in`.

    Attributes:
        one_in_low: The pessimistic end of the 95 % interval (a smaller number).
        one_in_high: The optimistic end.
        beyond: The score lies above the strictest threshold measured, so the true rate is
            lower, but no trials show by how much.
    """

    one_in: int
    one_in_low: int
    one_in_high: int
    beyond: bool


def stated_rate(
    score: float, points: Sequence[OperatingPoint], comparisons: int
) -> StatedRate | None:
    """The rate that the model's measurements support for a score.

    The strictest operating point at or below the score is taken, so the statement errs on the
    careful side. A probe compared with r references has at most r times the chance of one
    comparison (union bound).

    Returns:
        None below every threshold, where no small rate can be stated, or where the bound
        reaches 1.
    """
    reached = [point for point in points if point.threshold <= score]
    if not reached:
        return None
    point = min(reached, key=lambda candidate: candidate.target_fmr)
    strictest = min(points, key=lambda candidate: candidate.target_fmr)
    times = max(comparisons, 1)
    rate = point.fmr * times
    if rate >= 1:
        return None
    return StatedRate(
        one_in=_one_in(rate),
        one_in_low=_one_in(min(1.0, max(point.fmr_high, point.fmr) * times)),
        one_in_high=_one_in(max(point.fmr_low, 1 / point.non_mated) * times),
        beyond=point is strictest,
    )


def _one_in(rate: float) -> int:
    """1 / rate, rounded down to two significant digits: a careful number, easy to read."""
    exact = 1 / min(rate, 1.0)
    scale = 10 ** max(0, math.floor(math.log10(exact) + 1e-12) - 1)
    return max(1, int(exact / scale + 1e-9) * int(scale))
