"""Measured shares and tables as text, the same in every report and card."""

from collections.abc import Sequence

from training.evaluation.verify import Interval


def percent(share: Interval) -> str:
    """Such as "95.40 % (94.60–96.10)"."""
    return f"{share.value:.2%} ({100 * share.low:.2f}–{100 * share.high:.2f})".replace("%", " %")


def tar_words(tar: Interval | None) -> str:
    """The same of a TAR, or that there are too few pairs for one."""
    return "too few pairs" if tar is None else percent(tar)


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]
