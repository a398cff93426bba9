"""Groups of alike faces: planted ones are found, none is empty, the seed decides."""

import numpy as np
import pytest

from training.search.clusters import cluster


def planted(people: int, faces: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    centres = random.normal(size=(people, 32))
    vectors = np.repeat(centres, faces, axis=0) + random.normal(size=(people * faces, 32)) * noise
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit.astype(np.float32), np.repeat(np.arange(people), faces)


def test_faces_of_one_person_end_in_one_group() -> None:
    vectors, people = planted(12, 20, 0.1)

    groups = cluster(vectors, 40, seed=1)

    # With more groups than people a person may be split, but no group mixes two.
    assert all(len(set(people[groups == group].tolist())) == 1 for group in range(40))


def test_every_group_has_members_even_of_equal_faces() -> None:
    vectors = np.tile(np.eye(4, dtype=np.float32)[:1], (9, 1))

    groups = cluster(vectors, 5, seed=1)

    assert sorted(set(groups.tolist())) == [0, 1, 2, 3, 4]


def test_members_are_nearest_to_their_own_centre() -> None:
    vectors, _ = planted(6, 10, 0.6)

    groups = cluster(vectors, 6, seed=3)

    sums = np.stack([vectors[groups == group].sum(axis=0) for group in range(6)])
    centres = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    assert np.array_equal((vectors @ centres.T).argmax(axis=1), groups)


def test_the_seed_alone_decides() -> None:
    vectors, _ = planted(6, 10, 0.6)

    assert np.array_equal(cluster(vectors, 8, seed=1), cluster(vectors, 8, seed=1))


@pytest.mark.parametrize("count", [0, 11])
def test_more_groups_than_faces_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="10 faces cannot form"):
        cluster(np.eye(10, dtype=np.float32), count, seed=1)
