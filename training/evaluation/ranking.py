"""Pairs in the order of their scores, and the rates at every threshold, weighted or not."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ROUNDING = 1e-12  # by which a rate may miss its target for being a sum of fractions


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """The rates of one sample of pairs, by threshold, from the strictest to the loosest.

    Attributes:
        fmr: (t,), from 0 to 1.
        tar: (t,), share of mated pairs that match: 1 − FNMR, from 0 to 1.
    """

    fmr: Floats
    tar: Floats

    def tar_at(self, fmr: float) -> float:
        """Share of mated pairs that match at the loosest threshold within an FMR."""
        return float(self.tar[np.searchsorted(self.fmr, fmr + ROUNDING, side="right") - 1])

    def tars_at(self, fmrs: Floats) -> Floats:
        """The same at many FMRs (n,)."""
        return self.tar[np.searchsorted(self.fmr, fmrs + ROUNDING, side="right") - 1]

    def equal_error(self) -> float:
        """The rate at which FMR and FNMR meet, on the line between the two nearest thresholds."""
        gap = self.fmr + self.tar - 1
        after = max(1, int(np.searchsorted(gap, 0.0)))
        part = -gap[after - 1] / (gap[after] - gap[after - 1])
        return float(self.fmr[after - 1] + part * (self.fmr[after] - self.fmr[after - 1]))


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Pairs by falling score, ranked once and weighted many times.

    Attributes:
        order: int (P,).
        mated: bool (P,), in that order.
        ends: int (t,): place of the last of each run of equal scores.
    """

    order: NDArray[np.int64]
    mated: NDArray[np.bool_]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, scores: NDArray[np.float32], mated: NDArray[np.bool_]) -> Self:
        """Rank pairs.

        Args:
            scores: (P,).
            mated: (P,), some of each kind.
        """
        order = np.argsort(-scores, kind="stable")
        ranked = scores[order]
        ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
        return cls(order, mated[order], ends)

    def rates(self, weights: Floats | None = None) -> Rates:
        """The rates when each pair counts `weights` times (P,); once where they are None."""
        counted = np.ones(len(self.order)) if weights is None else weights[self.order]
        return Rates(
            fmr=self._shares(np.where(self.mated, 0.0, counted)),
            tar=self._shares(np.where(self.mated, counted, 0.0)),
        )

    def _shares(self, counted: Floats) -> Floats:
        sums = np.cumsum(counted)
        return np.concatenate([[0.0], sums[self.ends] / sums[-1]])
