"""Vectors of a set in several views: computed once per model, unusable pictures counted."""

from pathlib import Path

import numpy as np
import pytest

from tests.training.runs import settled_net
from training.evaluation.embeddings import BOTH, MIRROR, PLAIN, embed_views
from training.evaluation.measure import unshown
from training.evaluation.pictures import UNREADABLE, PictureArray
from training.subjects import Network, network_of
from training.synth import draw_face

CROPS = np.stack([draw_face(person, 0)[8:120, 8:120] for person in range(5)])


@pytest.fixture(scope="module")
def network() -> Network:
    return network_of(settled_net(), "one")


def test_every_picture_is_embedded_plain_and_mirrored(network: Network) -> None:
    vectors = embed_views(network, PictureArray(CROPS), BOTH, None, unshown)

    np.testing.assert_allclose(vectors.by_view[PLAIN], network.raw(CROPS), atol=1e-5)
    np.testing.assert_allclose(vectors.by_view[MIRROR], network.raw(CROPS[:, :, ::-1]), atol=1e-5)
    assert vectors.usable.all()
    assert not vectors.left_out


def test_the_flip_adds_answers_as_they_come_and_then_scales(network: Network) -> None:
    vectors = embed_views(network, PictureArray(CROPS), BOTH, None, unshown)

    total = network.raw(CROPS) + network.raw(CROPS[:, :, ::-1])
    expected = total / np.linalg.norm(total, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors.flipped(), expected, atol=1e-5)
    np.testing.assert_allclose(vectors.single(), network.embed(CROPS), atol=1e-5)


def test_an_unreadable_picture_is_counted_and_no_other_moves(network: Network) -> None:
    damaged = CROPS.copy()
    damaged[1] = 0

    vectors = embed_views(network, PictureArray(damaged), BOTH, None, unshown)

    assert vectors.usable.tolist() == [True, False, True, True, True]
    assert vectors.left_out == {UNREADABLE: 1}
    np.testing.assert_allclose(vectors.single()[2:], network.embed(CROPS[2:]), atol=1e-5)


def test_a_set_without_one_readable_picture_is_no_crash(network: Network) -> None:
    vectors = embed_views(network, PictureArray(np.zeros_like(CROPS)), BOTH, None, unshown)

    assert not vectors.usable.any()
    assert vectors.left_out == {UNREADABLE: 5}


def test_kept_vectors_are_used_and_counts_with_them(network: Network, tmp_path: Path) -> None:
    damaged = CROPS.copy()
    damaged[0] = 0
    first = embed_views(network, PictureArray(damaged), BOTH, tmp_path, unshown)

    def fails(numbers: range, title: str) -> range:
        raise AssertionError(f"{title} is embedded again")

    again = embed_views(network, PictureArray(damaged), BOTH, tmp_path, fails)

    np.testing.assert_array_equal(first.by_view[MIRROR], again.by_view[MIRROR])
    assert again.left_out == {UNREADABLE: 1}


def test_a_new_view_is_added_to_those_that_are_kept(network: Network, tmp_path: Path) -> None:
    embed_views(network, PictureArray(CROPS), BOTH, tmp_path, unshown)
    views = {**BOTH, "dark": lambda crop: crop // 2}

    found = embed_views(network, PictureArray(CROPS), views, tmp_path, unshown)

    np.testing.assert_allclose(found.by_view["dark"], network.raw(CROPS // 2), atol=1e-5)
    assert set(found.by_view) == {PLAIN, MIRROR, "dark"}


def test_kept_vectors_belong_to_their_model_and_pictures(network: Network, tmp_path: Path) -> None:
    other = network_of(settled_net(seed=1), "other")

    mine = embed_views(network, PictureArray(CROPS), BOTH, tmp_path, unshown)
    theirs = embed_views(other, PictureArray(CROPS), BOTH, tmp_path, unshown)
    turned = embed_views(network, PictureArray(CROPS[::-1]), BOTH, tmp_path, unshown)

    assert not np.allclose(mine.by_view[PLAIN], theirs.by_view[PLAIN])
    np.testing.assert_allclose(turned.by_view[PLAIN], mine.by_view[PLAIN][::-1], atol=1e-5)
