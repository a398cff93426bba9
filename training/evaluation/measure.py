"""One network on one set of pairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.evaluation.curves import Curve, curve_of
from training.evaluation.embeddings import BOTH, Shown, embed_views
from training.evaluation.resolution import AtSide, across_sides
from training.evaluation.sets import PairSet
from training.evaluation.verify import Verification, verify
from training.subjects import Network


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found.

    Attributes:
        pairs_left_out: Because a picture gave no vector.
        pictures_left_out: How many pictures gave no crop, by reason.
        single: One crop a picture, as the program compares.
        flipped: The answers to the crop and its mirror image added.
        sides: With shrunk probes; empty if not asked for.
        curve: Of the single crops.
    """

    network: str
    set: str
    pairs_left_out: int
    pictures_left_out: dict[str, int]
    single: Verification
    flipped: Verification
    sides: tuple[AtSide, ...]
    curve: Curve


def unshown(numbers: range, _: str) -> Sequence[int]:
    """No progress is shown."""
    return numbers


def measure(
    network: Network,
    pairs: PairSet,
    fmr: float = 1e-3,
    cache: Path | None = None,
    shown: Shown = unshown,
    sides_px: Sequence[int] = (),
) -> Measured:
    """All figures of one network on one set.

    Args:
        cache: Folder where vectors are kept by model and pictures, so that a slow teacher is
            asked once.
        sides_px: Of shrunk probes.

    Raises:
        DataError: Too little is left of the set once unusable pictures are taken out.
    """
    vectors = embed_views(network, pairs.pictures, BOTH, cache, shown)
    trials = pairs.comparisons.between(vectors.usable)
    single, flipped = trials.scores(vectors.single()), trials.scores(vectors.flipped())
    return Measured(
        network=network.name,
        set=pairs.name,
        pairs_left_out=len(pairs.comparisons.left) - len(trials.left),
        pictures_left_out=dict(vectors.left_out),
        single=verify(trials, single, fmr),
        flipped=verify(trials, flipped, fmr),
        sides=across_sides(network, pairs, sides_px, fmr, cache, shown) if sides_px else (),
        curve=curve_of(trials, single),
    )
