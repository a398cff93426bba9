"""One network on one set: all figures, and what was left out."""

import numpy as np
import pytest

from tests.training.evaluation.toy import toy_set
from tests.training.runs import settled_net
from training.errors import DataError
from training.evaluation.measure import measure
from training.subjects import Network, network_of


@pytest.fixture(scope="module")
def network() -> Network:
    return network_of(settled_net(), "one")


def test_single_and_flipped_crops_are_judged_apart(network: Network) -> None:
    found = measure(network, toy_set())

    assert found.single.pairs == found.flipped.pairs == 72
    assert found.single.people == 12
    assert found.single.eer != found.flipped.eer
    assert found.pairs_left_out == 0
    assert found.sides == ()


def test_pairs_of_damaged_pictures_are_left_out_and_counted(network: Network) -> None:
    found = measure(network, toy_set(damaged=(0, 7)))

    # Picture 0 is the reference of 6 pairs, picture 7 the probe of 6; no pair has both.
    assert found.pairs_left_out == 12
    assert found.single.pairs == 60
    assert sum(found.pictures_left_out.values()) == 2


def test_the_curve_is_of_the_single_crops(network: Network) -> None:
    found = measure(network, toy_set())

    assert len(found.curve.mated) == 12
    assert len(found.curve.non_mated) == 60
    assert np.abs(found.curve.mated).max() <= 1 + 1e-5


def test_a_set_of_which_nothing_is_left_is_refused(network: Network) -> None:
    with pytest.raises(DataError):
        measure(network, toy_set(damaged=tuple(range(24))))
