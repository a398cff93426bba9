"""MegaFace against a slow reference; the cleaned protocol by its rules."""

import numpy as np
import pytest

from training.protocols.megaface import cleaned_probes, search

RANDOM = np.random.default_rng(5)
PEOPLE = np.repeat(np.arange(6), 4)


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


PROBES = unit(RANDOM.normal(size=(6, 8))[PEOPLE] + RANDOM.normal(size=(24, 8)) * 0.45)
DISTRACTORS = unit(RANDOM.normal(size=(300, 8)))


def slow_rank_1(count: int) -> float:
    found = []
    for probe in range(24):
        for mate in range(24):
            if mate != probe and PEOPLE[mate] == PEOPLE[probe]:
                rivals = DISTRACTORS[:count] @ PROBES[probe]
                found.append(PROBES[mate] @ PROBES[probe] > rivals.max())
    return float(np.mean(found))


def slow_tar(fmr: float) -> float:
    others = (PROBES @ DISTRACTORS.T).ravel()
    mates = [PROBES[a] @ PROBES[b] for a in range(24) for b in range(a) if PEOPLE[a] == PEOPLE[b]]
    thresholds = [t for t in [*others, *mates] if (others >= t).mean() <= fmr]
    return max(float((np.array(mates) >= t).mean()) for t in thresholds)


@pytest.mark.parametrize("chunk", [7, 300])
def test_both_rates_are_those_of_the_slow_reference(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.protocols.megaface.CHUNK", chunk)

    found = search(PROBES, PEOPLE, DISTRACTORS, counts=(10, 100, 1000), fmr=1e-2)

    assert sorted(found.rank_1) == [10, 100, 300]
    for count, rate in found.rank_1.items():
        assert rate == pytest.approx(slow_rank_1(count))
    assert found.tar == pytest.approx(slow_tar(1e-2))
    assert (found.searches, found.mated, found.non_mated) == (72, 36, 7200)
    assert found.rank_1[10] > found.rank_1[300]


def test_too_few_distractors_carry_no_rate() -> None:
    assert search(PROBES, PEOPLE, DISTRACTORS, fmr=1e-4).tar is None


def test_a_noisy_distractor_beats_nobody_and_still_counts_as_a_trial() -> None:
    thief = np.concatenate([DISTRACTORS[:5], PROBES[:1]])
    noisy = np.array([False] * 5 + [True])

    beaten = search(PROBES, PEOPLE, thief, counts=())
    cleaned = search(PROBES, PEOPLE, thief, noisy, counts=())

    assert cleaned.rank_1[6] > beaten.rank_1[6]
    assert cleaned.rank_1[6] == search(PROBES, PEOPLE, DISTRACTORS[:5], counts=()).rank_1[5]
    assert cleaned.non_mated == 24 * 6


def test_a_noisy_probe_becomes_nearly_its_persons_mean() -> None:
    noisy = np.zeros(24, dtype=bool)
    noisy[[0, 5]] = True

    vectors, people = cleaned_probes(PROBES, PEOPLE, noisy)

    mean = PROBES[1:4].sum(axis=0)
    assert vectors[0] @ mean / np.linalg.norm(mean) > 0.999
    assert not np.allclose(vectors[0], mean / np.linalg.norm(mean), atol=1e-7)  # with noise
    assert np.array_equal(vectors[1:5], PROBES[1:5])
    assert np.array_equal(people, PEOPLE)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)


def test_a_person_of_whom_everything_is_noise_is_left_out() -> None:
    noisy = PEOPLE == 2

    vectors, people = cleaned_probes(PROBES, PEOPLE, noisy)

    assert len(vectors) == 20
    assert 2 not in people
