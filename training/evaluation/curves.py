"""Rates over all thresholds, as far as the trials carry them, and their pictures."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.domain.operating_point import RULE_OF_THREE
from training import plots
from training.evaluation.comparisons import Comparisons
from training.evaluation.ranking import ROUNDING, Floats, Ranking
from training.evaluation.verify import TAIL_PERCENT, drawn_weights

POINTS = 160  # of a curve, at equal ratios of FMR; one every 5 px of the picture


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One network on one set.

    Attributes:
        fmr: (t,), rising, where both rates are at least 3/n of their own pairs.
        fnmr: (t,): misses at the loosest threshold within each FMR.
        low: (t,): lower end of the 95 % interval of `fnmr` over people.
        high: (t,): its upper end.
        mated: Scores of the mated pairs.
        non_mated: Scores of the others.
    """

    fmr: Floats
    fnmr: Floats
    low: Floats
    high: Floats
    mated: NDArray[np.float32]
    non_mated: NDArray[np.float32]


def curve_of(trials: Comparisons, scores: NDArray[np.float32], seed: int = 0) -> Curve:
    """The curve of one set, with intervals found by drawing people with replacement.

    Args:
        scores: (P,), cosine of each pair; some of each kind.
    """
    mated, non_mated = scores[trials.mated], scores[~trials.mated]
    ranking = Ranking.of(scores, trials.mated)
    fmr = np.geomspace(min(1.0, RULE_OF_THREE / len(non_mated)), 1.0, POINTS)
    fnmr = 1 - ranking.rates().tars_at(fmr)
    drawn = [
        1 - ranking.rates(weights).tars_at(fmr)
        for weights in drawn_weights(trials, np.random.default_rng(seed))
    ]
    low, high = np.percentile(drawn, [TAIL_PERCENT, 100 - TAIL_PERCENT], axis=0)
    carried = fnmr * len(mated) >= RULE_OF_THREE - ROUNDING
    return Curve(fmr[carried], fnmr[carried], low[carried], high[carried], mated, non_mated)


def draw_curves(folder: Path, name: str, curves: Mapping[str, Curve]) -> tuple[str, ...]:
    """DET, ROC and score distributions of several networks on one set, as PNG.

    Args:
        name: Of the set.
        curves: By network.

    Returns:
        The files' names.
    """
    det = [
        plots.Series(network, curve.fmr, curve.fnmr, curve.low, curve.high)
        for network, curve in curves.items()
    ]
    roc = [
        plots.Series(network, curve.fmr, 1 - curve.fnmr, 1 - curve.high, 1 - curve.low)
        for network, curve in curves.items()
    ]
    axis = "false match rate (FMR)"
    plots.lines(
        folder / f"det-{name}.png",
        det,
        x_label=axis,
        y_label="false non-match rate (FNMR)",
        title=f"Detection error trade-off, {name}",
        log_x=True,
        log_y=True,
    )
    plots.lines(
        folder / f"roc-{name}.png",
        roc,
        x_label=axis,
        y_label="mated pairs that match (1 − FNMR)",
        title=f"Receiver operating characteristic, {name}",
        log_x=True,
    )
    files = [f"det-{name}.png", f"roc-{name}.png"]
    for network, curve in curves.items():
        file = f"scores-{name}-{network.replace('/', '-')}.png"
        draw_scores(folder / file, f"{network} on {name}", curve.mated, curve.non_mated)
        files.append(file)
    return tuple(files)


def draw_scores(
    path: Path,
    title: str,
    mated: NDArray[np.float32],
    non_mated: NDArray[np.float32],
    marks: tuple[tuple[float, str], ...] = (),
) -> None:
    """How the scores of mated and non-mated pairs are spread, as PNG.

    Args:
        marks: Thresholds with their names.
    """
    spreads = [plots.Spread("mated", mated), plots.Spread("non-mated", non_mated)]
    plots.distributions(path, spreads, x_label="cosine", title=title, log_y=True, marks=marks)
