"""MODEL_CARD.md for people: every figure with its protocol, every source with its terms."""

from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.training.evaluation.toy import toy_set
from tests.training.export.made import material
from tests.training.runs import settled_net
from training.evaluation.groups import GroupRate
from training.evaluation.measure import Measured, measure
from training.evaluation.verify import Interval
from training.export.card import make_card
from training.export.card_text import SCORES_FILE, card_text
from training.operating import operating_points
from training.subjects import network_of, square_input


@pytest.fixture(scope="module")
def measured() -> list[Measured]:
    names = ("one", "teacher")
    return [
        measure(network_of(settled_net(seed=seed), name), toy_set("celeba"), 0.05)
        for seed, name in enumerate(names)
    ]


def text(
    student: list[Measured],
    teacher: list[Measured],
    groups: tuple[GroupRate, ...] = (),
    crops: Counter[str] | None = None,
    notes: tuple[str, ...] = (),
) -> str:
    made = material(Path(), crops=crops)
    points = operating_points(np.eye(80, dtype=np.float32), np.ones(9, np.float32), "toy", [0.01])
    card = make_card(
        name="small", sha256="0" * 64, spec=square_input(64), embedding=16, material=made,
        measured=student, points=points, groups=groups, today=date(2026, 1, 2),
    )  # fmt: skip
    return card_text(card, made, student, teacher, groups, notes)


def test_the_history_names_every_step_of_the_teacher(measured: list[Measured]) -> None:
    told = text(measured[:1], [], notes=("Speed: fast.",))

    assert "- Teacher, step 1: SFace, up to 100 presentations." in told
    assert "- Teacher, step 2: SFace." in told
    assert "- A note.\n- Speed: fast." in told
    assert "- Made on 2026-01-02." in told


def test_model_and_teacher_stand_side_by_side(measured: list[Measured]) -> None:
    both, alone = text(measured[:1], measured[1:]), text(measured[:1], [])

    line = next(line for line in both.splitlines() if line.startswith("| celeba | 72 |"))
    for found in measured:
        assert f"{found.single.accuracy.value:.2%}".replace("%", " %") in line
    assert "95.87 %, TAR 89.4 %" in line
    assert "teacher: accuracy" not in alone


def test_points_stand_with_trials_and_picture(measured: list[Measured]) -> None:
    told = text(measured[:1], [])

    assert "all 3,160 pairs" in told
    assert "| 0.01 |" in told
    assert f"]({SCORES_FILE})" in told


def test_groups_stand_with_their_worst(measured: list[Measured]) -> None:
    rate = GroupRate("age 0–12", 90, 4005, 1e-3, 80, Interval(0.02, 0.01, 0.03))

    assert "| age 0–12 | 90 | 4,005 | 2.0e-02" in text(measured[:1], [], (rate,))
    assert "Worst group at FMR 0.001: age 0–12" in text(measured[:1], [], (rate,))
    assert "no source of these pictures states" in text(measured[:1], [])


def test_research_only_sources_are_said_out_loud(measured: list[Measured]) -> None:
    research = text(measured[:1], [], crops=Counter(celeba_tj=1234))

    assert "marked non-commercial" in research
    assert "| celeba_tj | CelebA, aligned release, test part | 1,234 |" in research
    assert "marked non-commercial" not in text(measured[:1], [], crops=Counter(fakerjs=5))
