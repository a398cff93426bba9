"""Small probes: only the probe is shrunk, and what is lost is lost."""

import numpy as np
import pytest

from tests.training.evaluation.toy import toy_set
from tests.training.runs import settled_net
from training.evaluation.measure import measure, unshown
from training.evaluation.resolution import across_sides, small_view
from training.subjects import network_of
from training.synth import draw_face

CROP = draw_face(1, 0)[8:120, 8:120]


def test_a_small_probe_keeps_its_size_and_loses_detail() -> None:
    spread = [small_view(side)(CROP).astype(float).std() for side in (112, 32, 8)]

    assert small_view(8)(CROP).shape == CROP.shape
    assert spread[0] > spread[1] > spread[2]
    assert np.array_equal(small_view(112)(CROP), CROP)


def test_averaging_keeps_the_brightness() -> None:
    assert small_view(8)(CROP).mean() == pytest.approx(CROP.mean(), abs=3)


def test_at_full_size_nothing_is_lost_and_small_sizes_differ() -> None:
    network, pairs = network_of(settled_net(), "one"), toy_set()

    small, full = across_sides(network, pairs, (8, 112), 0.1, None, unshown)

    whole = measure(network, pairs, 0.1).single
    assert (small.side_px, full.side_px) == (8, 112)
    assert full.accuracy == whole.accuracy
    assert full.tar == whole.tar
    assert small.accuracy.value != full.accuracy.value
