"""Accuracy, misses at a false match rate and intervals against slow, obvious references."""

from pathlib import Path

import numpy as np
import pytest

from training.recipe import DataError
from training.verification import Pairs, best_threshold, read_pairs, verify


def slow_best_accuracy(scores: np.ndarray, mated: np.ndarray) -> float:
    return max(float(np.mean((scores >= t) == mated)) for t in scores)


def test_the_best_threshold_decides_as_many_rightly_as_any() -> None:
    random = np.random.default_rng(0)
    for _ in range(30):
        mated = random.random(40) < 0.5
        scores = np.round(random.normal(mated, 0.8), 1).astype(np.float32)

        threshold = best_threshold(scores, mated)

        assert np.mean((scores >= threshold) == mated) == slow_best_accuracy(scores, mated)


def people_and_pairs(spread: float) -> tuple[Pairs, np.ndarray]:
    random = np.random.default_rng(1)
    centres = random.normal(size=(40, 16))
    vectors = np.repeat(centres, 3, axis=0) + spread * random.normal(size=(120, 16))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    rows = []
    for person in range(40):
        fold = person // 4
        rows += [(3 * person, 3 * person + k, 1, fold) for k in (1, 2)]
        rows += [
            (3 * person, 3 * (4 * fold + k) + 1, 0, fold)
            for k in range(4)
            if 4 * fold + k != person
        ]
    table = np.array(rows)
    pairs = Pairs(
        name="toy",
        folder=Path(),
        files=tuple(f"{i // 3}/{i}.png" for i in range(120)),
        left=table[:, 0],
        right=table[:, 1],
        mated=table[:, 2] == 1,
        fold=table[:, 3],
        people=np.arange(120) // 3,
    )
    return pairs, vectors


def test_accuracy_takes_each_folds_threshold_from_the_others() -> None:
    pairs, vectors = people_and_pairs(0.9)
    scores = np.einsum("nd,nd->n", vectors[pairs.left], vectors[pairs.right])
    by_fold = []
    for fold in range(10):
        inside = pairs.fold == fold
        candidates = np.unique(scores[~inside])
        right = [np.mean((scores[~inside] >= t) == pairs.mated[~inside]) for t in candidates]
        threshold = candidates[int(np.argmax(right))]
        by_fold.append(np.mean((scores[inside] >= threshold) == pairs.mated[inside]))

    result = verify(pairs, vectors, fmr=0.05)

    assert result.accuracy == pytest.approx(np.mean(by_fold))
    assert result.accuracy_low <= result.accuracy <= result.accuracy_high


def test_tar_is_counted_at_the_lowest_threshold_within_the_fmr() -> None:
    pairs, vectors = people_and_pairs(0.9)
    scores = np.einsum("nd,nd->n", vectors[pairs.left], vectors[pairs.right])
    non_mated = scores[~pairs.mated]
    within = [t for t in np.unique(scores) if np.mean(non_mated >= t) <= 0.05]

    result = verify(pairs, vectors, fmr=0.05)

    assert result.tar == pytest.approx(np.mean(scores[pairs.mated] >= min(within)))
    assert result.tar_low is not None
    assert result.tar_low <= result.tar <= (result.tar_high or 0)


def test_no_tar_where_the_pairs_cannot_carry_the_rate() -> None:
    pairs, vectors = people_and_pairs(0.3)

    assert verify(pairs, vectors, fmr=1e-3).tar is None


def test_separable_people_are_told_apart_without_error() -> None:
    pairs, vectors = people_and_pairs(0.01)

    assert verify(pairs, vectors, fmr=0.05).accuracy == 1.0


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "pairs.csv"
    path.write_text(text)
    return path


def test_a_pair_file_names_pictures_once_and_people_by_folder(tmp_path: Path) -> None:
    path = write(
        tmp_path, "a,b,same,fold\r\nann/0.png,ann/1.png,1,0\r\nann/0.png,bob/0.png,0,1\r\n"
    )

    pairs = read_pairs(path, "toy")

    assert pairs.files == ("ann/0.png", "ann/1.png", "bob/0.png")
    assert pairs.people.tolist() == [0, 0, 1]
    assert pairs.mated.tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x,y\n1,2\n", "columns"),
        ("a,b,same,fold\na/0,a/1,1,0\na/0,b/0,yes,0\n", "line 3"),
        ("a,b,same,fold\na/0,a/1,1,0\n", "both mated and non-mated"),
        ("", "columns"),
    ],
)
def test_a_pair_file_is_refused_in_words(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=reason):
        read_pairs(write(tmp_path, text), "toy")


def test_accuracy_from_one_fold_is_refused() -> None:
    pairs, vectors = people_and_pairs(0.3)
    one = Pairs(
        pairs.name, pairs.folder, pairs.files, pairs.left, pairs.right, pairs.mated,
        np.zeros_like(pairs.fold), pairs.people,
    )  # fmt: skip

    with pytest.raises(DataError, match="two folds"):
        verify(one, vectors)
