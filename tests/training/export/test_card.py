"""The card says what was trained on, under which terms, and what was measured."""

from collections import Counter
from datetime import date

import numpy as np
import pytest

from core.vision.packs import dump_card, load_card
from training.checkpoint import Progress
from training.data.batches import Position
from training.export.card import card_text, make_card, source_terms
from training.operating import operating_points
from training.recipe import Recipe, RunSection, Stage
from training.verification import Verification

RECIPE = Recipe(run=RunSection(presentations=8), stages=(Stage(until=8, side=64, strength=0),))
PROGRESS = Progress(
    step=1, presentations=1500, by_side={"64": 500, "48": 1000}, side=64,
    position=Position(), recipe=RECIPE,
)  # fmt: skip
ROW = Verification("celeba", 8000, 400, 10, 0.9, 0.89, 0.91, 1e-3, 0.5, 0.45, 0.55)


def card(crops: Counter[str]):
    return make_card(
        name="small", sha256="0" * 64, progress=PROGRESS, crops=crops, measured=[ROW],
        points=(), embedding=128, today=date(2026, 1, 2),
    )  # fmt: skip


def test_a_card_reads_back_equal() -> None:
    made = card(Counter(celeba_tj=3))

    assert load_card(dump_card(made), "small") == made


@pytest.mark.parametrize(
    ("source", "non_commercial"), [("celeba_tj", True), ("voteview", False), ("unheard_of", True)]
)
def test_one_research_only_or_unknown_source_makes_the_model_non_commercial(
    source: str, non_commercial: bool
) -> None:
    assert card(Counter({"fakerjs": 5, source: 1})).non_commercial is non_commercial


def test_the_text_names_counts_terms_and_both_models() -> None:
    made = card(Counter(celeba_tj=1234))

    text = card_text(made, "", PROGRESS, Counter(celeba_tj=1234), [ROW], [ROW])

    assert "1,000 at 48 px, 500 at 64 px" in text
    assert "| celeba_tj | CelebA, aligned release, test part | 1,234 |" in text
    assert "non-commercial research" in text
    assert text.count("0.9000 (0.8900–0.9100)") == 2


def test_every_source_states_its_terms() -> None:
    assert all(each.what and each.terms for each in source_terms().values())
    assert len(source_terms()) == 24


def test_points_are_listed_with_their_trials() -> None:
    points = operating_points(np.eye(80, dtype=np.float32), np.ones(9, np.float32), "toy", [0.01])
    made = make_card(
        name="small", sha256="0" * 64, progress=PROGRESS, crops=Counter(fakerjs=1), measured=[ROW],
        points=points, embedding=128, today=date(2026, 1, 2),
    )  # fmt: skip

    text = card_text(made, "", PROGRESS, Counter(fakerjs=1), [ROW], [ROW])

    assert "all 3,160 pairs" in text
    assert "| 0.01 |" in text
