"""The card says where a model comes from, under which terms, and what was measured."""

from collections import Counter
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from core.domain.model_card import ModelCard
from core.vision.packs import dump_card, load_card
from tests.training.evaluation.toy import toy_set
from tests.training.export.made import material
from tests.training.runs import settled_net
from training.evaluation.groups import GroupRate
from training.evaluation.measure import Measured, measure
from training.evaluation.verify import Interval
from training.export.card import careful_words, make_card, measurement, source_terms
from training.subjects import network_of, square_input

TODAY = date(2026, 1, 2)


def card(crops: Counter[str] | None = None, licence: str = "") -> ModelCard:
    return make_card(
        name="small", sha256="0" * 64, spec=square_input(64), embedding=16,
        material=material(Path(), crops=crops, licence=licence),
        measured=(), points=(), groups=(), today=TODAY,
    )  # fmt: skip


@pytest.fixture(scope="module")
def measured() -> Measured:
    return measure(network_of(settled_net(), "one"), toy_set(), 1e-3)


def test_a_card_reads_back_equal() -> None:
    made = card()

    assert load_card(dump_card(made), "small") == made
    assert made.training is not None
    assert made.training.teacher == "SFace, up to 100 presentations; then SFace"
    assert made.training.presentations == 1500


@pytest.mark.parametrize(
    ("source", "non_commercial"),
    [("celeba_tj", True), ("voteview", False), ("synth", False), ("unheard_of", True)],
)
def test_one_research_only_or_unknown_source_makes_the_model_non_commercial(
    source: str, non_commercial: bool
) -> None:
    assert card(Counter({"fakerjs": 5, source: 1})).non_commercial is non_commercial


def test_a_stated_licence_frees_unknown_sources_but_not_known_ones() -> None:
    own = card(Counter(my_photos=9), licence="CC-BY-4.0")

    assert (own.licence, own.non_commercial) == ("CC-BY-4.0", False)
    assert card(Counter(my_photos=9, celeba_tj=1), licence="CC-BY-4.0").non_commercial


def test_a_tar_that_the_pairs_do_not_carry_is_no_figure_of_the_card(measured: Measured) -> None:
    few = msgspec.structs.replace(
        measured.single, tar=Interval(0.5, 0.4, 0.6), tar_carried=False, fmr=1e-3
    )
    enough = msgspec.structs.replace(few, tar_carried=True)

    def row(single) -> Measured:
        return Measured("one", "toy", 0, {}, single, measured.flipped, (), measured.curve)

    assert measurement(row(few), TODAY).tar_at_fmr_1e3 is None
    assert measurement(row(enough), TODAY).tar_at_fmr_1e3 == 0.5
    assert "2 folds" in measurement(row(few), TODAY).protocol
    assert measurement(row(few), TODAY).accuracy == round(measured.single.accuracy.value, 5)


def group(name: str, target: float, rate: float) -> GroupRate:
    return GroupRate(name, 500, 10**5, target, 9, Interval(rate, rate, rate))


def test_the_worst_group_is_named_with_the_point_that_is_careful_for_it() -> None:
    rates = [group("age 0–12", 1e-3, 0.02), group("female", 1e-3, 0.003)]
    rates += [group("age 0–12", 1e-4, 9e-4), group("female", 1e-4, 1e-4)]
    points = [SimpleNamespace(target_fmr=fmr, threshold=0.5) for fmr in (1e-3, 1e-4)]

    words = careful_words(rates, points)

    assert "age 0–12, where 0.02 of strangers match" in words
    assert "the careful default is the point for FMR 0.0001" in words
    assert "no measured point" in careful_words(rates[:2], points[:1])
    assert careful_words((), points) == ""


def test_every_source_states_its_terms() -> None:
    assert all(each.what and each.terms for each in source_terms().values())
    assert len(source_terms()) == 25
