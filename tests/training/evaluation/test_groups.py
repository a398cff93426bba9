"""False match rates within groups: who belongs where, and what is counted."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from training.data.manifest import CropRow
from training.data.shard_writer import EncodedCrop, as_png, save_shard
from training.evaluation.comparisons import unit
from training.evaluation.groups import (
    FEWEST_CROPS,
    careful_target,
    group_rates,
    read_groups,
    stated_groups,
    worst_group,
)
from training.synth import draw_face


def row(source: str, file: str) -> CropRow:
    return CropRow(f"{source}/{file}", source, "", 100, 1, 1, 0, 0, 0, 1)


@pytest.mark.parametrize(
    ("source", "file", "groups"),
    [
        ("utkface", "26_1_2_20170116183745463_jpg_chip.webp", ("age 20–39", "female", "Asian")),
        ("utkface", "4_0_0_2017.webp", ("age 0–12", "male", "white")),
        ("utkface", "80_1_4_2017.webp", ("age 60 and over", "female")),
        ("utkface", "39_1_20170116.webp", ("age 20–39", "female")),
        ("utkface", "nonsense.webp", ()),
        ("aaf", "00355A07.webp", ("age 0–12",)),
        ("aaf", "06899A62.webp", ("age 60 and over",)),
        ("celeba_tj", "26_1_2.webp", ()),
    ],
)
def test_groups_are_read_from_names_of_sources_that_state_them(
    source: str, file: str, groups: tuple[str, ...]
) -> None:
    assert stated_groups(row(source, file)) == groups


def alike(count: int, spread: float) -> np.ndarray:
    """Vectors around one direction: the smaller the spread, the more alike."""
    random = np.random.default_rng(0)
    return unit((1 + spread * random.normal(size=(count, 16))).astype(np.float32))


def everybody(**sizes: int) -> dict[str, np.ndarray]:
    """Groups of so many people each, one after the other."""
    ends = np.cumsum([0, *sizes.values()])
    return {
        name: np.arange(start, end) for name, start, end in zip(sizes, ends, ends[1:], strict=False)
    }


POINTS = [SimpleNamespace(target_fmr=fmr, threshold=t) for fmr, t in ((0.1, 0.3), (1e-2, 0.6))]


def test_every_pair_within_the_group_is_counted_at_the_threshold() -> None:
    members = alike(90, 1.0)

    first, second = group_rates(members, everybody(toy=90), POINTS)

    scores = [float(a @ b) for i, a in enumerate(members) for b in members[:i]]
    assert first.pairs == second.pairs == len(scores) == 4005
    assert first.false_matches == sum(score >= 0.3 for score in scores)
    assert second.fmr.value == pytest.approx(sum(score >= 0.6 for score in scores) / 4005)
    assert second.fmr.low <= second.fmr.value <= second.fmr.high


def test_a_rate_that_the_pairs_do_not_carry_is_left_out_and_none_is_below_three() -> None:
    strict = [SimpleNamespace(target_fmr=1e-3, threshold=0.99)]

    assert group_rates(alike(50, 3.0), everybody(few=50), strict) == ()
    stated = group_rates(alike(90, 3.0), everybody(enough=90), strict)[0]
    assert stated.false_matches == 0
    assert stated.fmr.value == pytest.approx(3 / 4005)


def test_the_group_whose_people_look_most_alike_is_the_worst() -> None:
    vectors = np.concatenate([alike(90, 0.8), alike(90, 3.0)])

    rates = group_rates(vectors, everybody(alike=90, apart=90), POINTS)

    worst = worst_group(rates, 0.1)

    assert worst is not None
    assert worst.group == "alike"
    assert worst_group(rates, 1e-5) is None


def test_the_careful_point_holds_the_rate_for_every_group() -> None:
    vectors = np.concatenate([alike(90, 1.5), alike(90, 3.0)])
    points = [
        SimpleNamespace(target_fmr=fmr, threshold=t)
        for fmr, t in ((0.1, 0.3), (0.05, 0.5), (0.01, 0.7))
    ]
    rates = group_rates(vectors, everybody(alike=90, apart=90), points)
    wanted = 0.03

    target = careful_target(rates, points, wanted)

    assert target is not None
    held = [r.fmr.value for r in rates if r.target_fmr == target]
    looser = [r.fmr.value for r in rates if r.target_fmr == 0.1]
    assert max(held) <= wanted < max(looser)
    assert careful_target(rates, points, 1e-9) is None


def test_a_source_that_states_nothing_has_no_groups(world, tmp_path) -> None:
    assert not read_groups(world.data, tmp_path).members


def test_a_face_of_several_groups_is_kept_once(tmp_path: Path) -> None:
    names = [f"{20 + n % 20}_{n % 2}_2_{n}.png" for n in range(2 * FEWEST_CROPS)] + ["70_1_2_0.png"]
    shot = as_png(draw_face(1, 0))
    save_shard(tmp_path / "data", "a", [EncodedCrop(row("utkface", name), shot) for name in names])

    found = read_groups(tmp_path / "data", tmp_path / "cache")

    sizes = {name: len(places) for name, places in found.members.items()}
    assert sizes == {
        "Asian": 2 * FEWEST_CROPS + 1,
        "age 20–39": 2 * FEWEST_CROPS,
        "female": FEWEST_CROPS + 1,
        "male": FEWEST_CROPS,
    }
    assert found.crops.shape == (2 * FEWEST_CROPS + 1, 112, 112, 3)
    assert found.members["male"].tolist() == list(range(0, 2 * FEWEST_CROPS, 2))
