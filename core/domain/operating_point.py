"""A threshold together with the error rates measured at it."""

import msgspec

RULE_OF_THREE = 3.0  # with no error in n trials, the 95 % upper bound is 3 / n


class OperatingPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rates of single comparisons at one threshold.

    Attributes:
        target_fmr: The FMR this threshold was chosen for.
        threshold: Cosine similarity; a score equal to it matches.
        false_matches: Of `non_mated` comparisons.
        fmr_low: Lower end of the 95 % interval of the FMR.
        fmr_high: Upper end of the 95 % interval of the FMR.
        false_non_matches: Of `mated` comparisons.
        measured_on: The data, in words.
    """

    target_fmr: float
    threshold: float
    false_matches: int
    non_mated: int
    fmr_low: float
    fmr_high: float
    false_non_matches: int
    mated: int
    measured_on: str

    def __post_init__(self) -> None:
        if not -1 <= self.threshold <= 1:
            raise ValueError("a threshold lies between -1 and 1")
        if not 0 < self.target_fmr < 1:
            raise ValueError("a false match rate lies between 0 and 1")
        if self.non_mated < 1 or not 0 <= self.false_matches <= self.non_mated:
            raise ValueError("false matches are counted out of at least one non-mated comparison")
        if self.mated < 1 or not 0 <= self.false_non_matches <= self.mated:
            raise ValueError("false non-matches are counted out of at least one mated comparison")
        if self.target_fmr < RULE_OF_THREE / self.non_mated:
            raise ValueError(
                f"an FMR of {self.target_fmr:g} cannot be claimed from {self.non_mated} comparisons"
            )
        if not 0 <= self.fmr_low <= self.fmr_high <= 1:
            raise ValueError("an interval is ordered and lies between 0 and 1")

    @property
    def fmr(self) -> float:
        """The measured rate, never below what the trials can carry."""
        return max(self.false_matches, RULE_OF_THREE) / self.non_mated

    @property
    def fnmr(self) -> float:
        """The measured rate of misses."""
        return self.false_non_matches / self.mated
