"""The table of measured networks, and embeddings that are computed once."""

from pathlib import Path

import numpy as np
import pytest

from training.evaluate import embeddings, main, markdown
from training.nets.pocketnet import named_pocketnet
from training.subjects import network_of
from training.verification import Verification, read_pairs


def row(tar: float | None) -> Verification:
    return Verification("toy", 200, 40, 10, 0.9, 0.85, 0.95, 1e-3, tar, tar, tar)


def test_the_table_says_where_pairs_are_too_few() -> None:
    text = markdown({"a": (row(0.5),), "b": (row(None),)})

    assert "| a | toy | 200 | 0.9000 | 0.8500–0.9500 | 0.500 at 0.001 |" in text
    assert "too few pairs" in text


def test_cached_embeddings_belong_to_their_model(world, tmp_path: Path) -> None:
    pairs = read_pairs(world.pairs, "synth")
    one = network_of(named_pocketnet("pocketnet-s-128", side=16), "one")
    other = network_of(named_pocketnet("pocketnet-s-128", side=16), "other")

    first = embeddings(one, pairs, tmp_path)
    again = embeddings(one, pairs, tmp_path)
    second = embeddings(other, pairs, tmp_path)

    assert np.array_equal(first, again)
    assert not np.allclose(first, second)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_set_without_a_name_is_refused(world, caplog: pytest.LogCaptureFixture) -> None:
    assert main([str(world.teacher), "--sets", str(world.pairs)]) == 2
    assert "NAME=PAIRS.csv" in caplog.text
