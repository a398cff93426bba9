"""IJB's template protocol against a slow reference that follows its words."""

import numpy as np
import pytest

from training.protocols.ijb import make_templates, tar_at, template_rates, template_scores

RANDOM = np.random.default_rng(3)
TEMPLATES = np.array([30, 10, 10, 30, 10, 20, 20, 30, 10])
MEDIA = np.array([1, 1, 1, 2, 2, 9, 9, 1, 3])
VECTORS = RANDOM.normal(size=(9, 16)).astype(np.float32)
SCORES = RANDOM.uniform(0.5, 1, 9).astype(np.float32)


def slow_template(template: int) -> np.ndarray:
    total = np.zeros(16)
    for medium in set(MEDIA[template == TEMPLATES].tolist()):
        pictures = [
            VECTORS[row].astype(float) * float(SCORES[row])
            for row in range(9)
            if TEMPLATES[row] == template and MEDIA[row] == medium
        ]
        total += np.mean(pictures, axis=0)
    return total / np.linalg.norm(total)


def slow_tar(scores: np.ndarray, mated: np.ndarray, fmr: float) -> float:
    """The best TAR over all thresholds whose FMR is low enough."""
    best = 0.0
    for threshold in [*scores, np.inf]:
        if (scores[~mated] >= threshold).mean() <= fmr:
            best = max(best, float((scores[mated] >= threshold).mean()))
    return best


def test_templates_are_those_of_the_protocols_words() -> None:
    found = make_templates(VECTORS, SCORES, TEMPLATES, MEDIA)

    assert found.ids.tolist() == [10, 20, 30]
    for row, template in enumerate(found.ids.tolist()):
        assert found.vectors[row] == pytest.approx(slow_template(template), abs=1e-6)


def test_a_medium_counts_once_however_many_pictures_it_has() -> None:
    still, video = np.eye(2, dtype=np.float32)
    vectors = np.stack([still, video, video, video])

    found = make_templates(
        vectors, np.ones(4, np.float32), np.zeros(4, int), np.array([1, 2, 2, 2])
    )

    assert found.vectors[0] == pytest.approx([0.5**0.5, 0.5**0.5])


def test_an_unsure_detection_weighs_less() -> None:
    vectors = np.eye(2, dtype=np.float32)

    found = make_templates(vectors, np.array([1, 0.5], np.float32), np.zeros(2, int), np.arange(2))

    assert found.vectors[0, 1] / found.vectors[0, 0] == pytest.approx(0.5)


def test_pairs_are_scored_by_cosine_and_absent_templates_by_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("training.protocols.ijb.CHUNK_PAIRS", 2)  # more than one part
    templates = make_templates(VECTORS, SCORES, TEMPLATES, MEDIA)

    scores = template_scores(
        templates, np.array([10, 20, 10, 99, 30]), np.array([20, 30, 5, 10, 30])
    )

    assert scores[0] == pytest.approx(slow_template(10) @ slow_template(20), abs=1e-6)
    assert scores[1] == pytest.approx(slow_template(20) @ slow_template(30), abs=1e-6)
    assert np.isnan(scores[[2, 3]]).all()
    assert scores[4] == pytest.approx(1)


def test_rates_are_those_of_a_slow_search_over_thresholds() -> None:
    scores = RANDOM.normal(size=400).astype(np.float32).round(1)  # with many equal scores
    mated = RANDOM.random(400) < 0.2
    scores[mated] += 1

    found = template_rates(scores, mated, (1e-3, 1e-2, 5e-2, 0.3, 1.0))

    assert found.tar[1e-3] is None  # of 320 comparisons not three may match
    assert found.tar[1e-2] is not None
    for fmr in (1e-2, 5e-2, 0.3, 1.0):
        assert found.tar[fmr] == pytest.approx(slow_tar(scores, mated, fmr))


def test_comparisons_without_a_score_are_left_out_and_counted() -> None:
    scores = np.array([0.9, np.nan, 0.1, np.nan, np.nan], dtype=np.float32)
    mated = np.array([True, True, False, False, False])

    found = template_rates(scores, mated)

    assert (found.mated, found.non_mated, found.left_out) == (1, 1, 3)


@pytest.mark.parametrize(("trials", "stated"), [(2999, False), (3000, True)])
def test_a_rate_needs_three_comparisons_that_may_match(trials: int, stated: bool) -> None:
    others = np.linspace(1, 0, trials, dtype=np.float32)

    found = tar_at(np.array([2.0], dtype=np.float32), others, trials, 1e-3)

    assert (found is not None) == stated


def test_without_a_mated_comparison_there_is_no_rate() -> None:
    assert tar_at(np.empty(0, np.float32), np.ones(100, np.float32), 100, 0.1) is None
