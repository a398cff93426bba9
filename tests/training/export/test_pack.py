"""A pack that is written is one that the program loads, with figures that were measured."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.domain.face import AlignedFace
from core.vision.embed import open_embedder
from core.vision.packs import read_pack
from tests.training.export.made import faces, material
from tests.training.runs import settled_net
from training.evaluation.measure import measure, unshown
from training.export.pack import judge, write_pack
from training.subjects import Network, network_of


@pytest.fixture(scope="module")
def network() -> Network:
    return network_of(settled_net(), "small")


def test_points_are_counted_on_strangers_and_mated_pairs_of_the_chosen_set(
    network: Network, tmp_path: Path
) -> None:
    made = material(tmp_path)

    judged = judge(network, made, unshown)

    assert [point.target_fmr for point in judged.points] == [1e-2]
    point = judged.points[0]
    vectors = network.embed(made.strangers)
    scores = [float(a @ b) for i, a in enumerate(vectors) for b in vectors[:i]]
    assert point.non_mated == len(scores) == 780
    # The threshold lies just above the first score that must not match: rounding may count it.
    assert point.false_matches == sum(score > point.threshold + 1e-6 for score in scores)
    mated = measure(network, made.sets[0]).curve.mated
    assert point.false_non_matches == sum(mated < point.threshold)
    assert "40 people" in point.measured_on
    assert "toy" in point.measured_on


def test_groups_are_judged_at_the_points(network: Network, tmp_path: Path) -> None:
    judged = judge(network, material(tmp_path, groups=30), unshown)

    assert [(rate.group, rate.pairs) for rate in judged.groups] == [("age 0–12", 435)]
    assert judged.groups[0].target_fmr == judged.points[0].target_fmr


def test_the_program_loads_the_pack_and_embeds_as_measured(
    network: Network, tmp_path: Path
) -> None:
    made = material(tmp_path)
    judged = judge(network, made, unshown)

    write_pack(tmp_path / "small", judged, made, judged.measured, ["Speed: fast."])

    pack = read_pack(tmp_path / "small", built_in=False)
    crop = faces(700, 1)
    embedding = open_embedder(pack).embed(AlignedFace(crop[0], np.zeros((2, 3))))
    assert embedding is not None
    np.testing.assert_allclose(embedding.vector, network.embed(crop)[0], atol=1e-5)
    assert pack.card.operating_points == judged.points
    assert "Speed: fast." in pack.read_text("MODEL_CARD.md")
    with Image.open(tmp_path / "small" / "scores.webp") as picture:
        assert picture.size == (900, 600)
