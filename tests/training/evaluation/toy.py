"""A set of synthetic people whose pictures lie in memory."""

import numpy as np

from training.evaluation.comparisons import Comparisons
from training.evaluation.pictures import PictureArray
from training.evaluation.sets import PairSet
from training.synth import draw_face

PEOPLE = 12


def toy_set(name: str = "toy", damaged: tuple[int, ...] = ()) -> PairSet:
    """Twelve people with two crops each in two folds, everybody with everybody of the fold.

    Args:
        damaged: Numbers of pictures that cannot be read.
    """
    crops = np.stack([draw_face(200 + n // 2, n % 2)[8:120, 8:120] for n in range(2 * PEOPLE)])
    crops[list(damaged)] = 0
    rows = []
    for one in range(PEOPLE):
        fold = one % 2
        rows.append((2 * one, 2 * one + 1, 1, fold))
        rows += [
            (2 * one, 2 * other + 1, 0, fold) for other in range(fold, PEOPLE, 2) if other != one
        ]
    table = np.array(rows)
    trials = Comparisons(
        table[:, 0], table[:, 1], table[:, 2] == 1, table[:, 3], np.arange(2 * PEOPLE) // 2
    )
    return PairSet(name, trials, PictureArray(crops))
