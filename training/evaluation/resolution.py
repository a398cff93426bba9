"""How well faces are told apart when the probe was small: references stay as they are."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.domain.face import CROP_PX
from core.opencv import cv2
from training.evaluation.embeddings import BOTH, PLAIN, Shown, View, embed_views
from training.evaluation.sets import PairSet
from training.evaluation.verify import Interval, verify
from training.subjects import Network

SIDES_PX = (8, 12, 16, 24, 32, 48, 64, 80, 112)  # of the probe's crop before it is enlarged again


class AtSide(msgspec.Struct, frozen=True):
    """What is left with probes of one size."""

    side_px: int
    accuracy: Interval
    tar: Interval | None


def small_view(side_px: int) -> View:
    """Shrinks a crop (112, 112, 3) by averaging areas and enlarges it again, linearly."""

    def view(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if side_px == CROP_PX:
            return crop
        small = cv2.resize(crop, (side_px, side_px), interpolation=cv2.INTER_AREA)
        large = cv2.resize(small, (CROP_PX, CROP_PX), interpolation=cv2.INTER_LINEAR)
        return np.asarray(large, dtype=np.uint8)

    return view


def across_sides(
    network: Network,
    pairs: PairSet,
    sides_px: Sequence[int],
    fmr: float,
    cache: Path | None,
    shown: Shown,
) -> tuple[AtSide, ...]:
    """Accuracy by probe size; one crop, no mirror image, as the program compares."""
    views = {PLAIN: BOTH[PLAIN]} | {f"side {side}": small_view(side) for side in sides_px}
    vectors = embed_views(network, pairs.pictures, views, cache, shown)
    trials = pairs.comparisons.between(vectors.usable)
    references = vectors.single()
    results = []
    for side_px in sides_px:
        scores = trials.scores(references, vectors.single(f"side {side_px}"))
        found = verify(trials, scores, fmr)
        results.append(AtSide(side_px, found.accuracy, found.tar))
    return tuple(results)
