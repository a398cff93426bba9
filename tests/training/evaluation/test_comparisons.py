"""Pairs of pictures, and their cosines."""

import numpy as np

from training.evaluation.comparisons import Comparisons, unit


def trials() -> Comparisons:
    table = np.array([[0, 1, 1, 0], [0, 2, 0, 0], [2, 3, 1, 1], [1, 3, 0, 1]])
    return Comparisons(
        table[:, 0], table[:, 1], table[:, 2] == 1, table[:, 3], np.array([0, 0, 1, 1])
    )


def test_pairs_with_an_unusable_picture_fall_away() -> None:
    left = trials().between(np.array([True, False, True, True]))

    assert left.left.tolist() == [0, 2]
    assert left.mated.tolist() == [False, True]
    assert left.fold.tolist() == [0, 1]


def test_a_score_is_the_cosine_of_reference_and_probe() -> None:
    references = unit(np.array([[3, 0], [3, 3], [0, 1], [-2, 0]], dtype=np.float32))
    probes = unit(np.array([[9, 9], [0, 5], [1, 0], [1, 0]], dtype=np.float32))

    np.testing.assert_allclose(
        trials().scores(references), [0.5**0.5, 0, 0, -(0.5**0.5)], atol=1e-6
    )
    np.testing.assert_allclose(trials().scores(references, probes), [0, 1, 0, 0.5**0.5], atol=1e-6)


def test_a_vector_without_direction_scores_nothing() -> None:
    vectors = unit(np.array([[0, 0], [1, 0], [1, 0], [0, 0]], dtype=np.float32))

    assert np.isfinite(trials().scores(vectors)).all()
    assert trials().scores(vectors)[0] == 0
