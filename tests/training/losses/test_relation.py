"""Relational losses against values worked out by hand, and what they must not see."""

import math

import pytest
import torch
from torch import Tensor

from training.losses.relation import angle_relation, distance_relation, similarity_relation

RELATIONS = [distance_relation, angle_relation, similarity_relation]


def at_degrees(*degrees: float) -> Tensor:
    radians = torch.tensor(degrees, dtype=torch.float64).deg2rad()
    return torch.stack([radians.cos(), radians.sin()], dim=1)


def test_distances_by_hand() -> None:
    # Chords of the unit circle: 60° is 1, 120° is √3, 180° is 2.
    student, teacher = at_degrees(0, 60, 120), at_degrees(0, 60, 180)
    ours = [1, math.sqrt(3), 1]
    theirs = [1, 2, math.sqrt(3)]
    ours = [each / (sum(ours) / 3) for each in ours]
    theirs = [each / (sum(theirs) / 3) for each in theirs]
    expected = sum((a - b) ** 2 / 2 for a, b in zip(ours, theirs, strict=True)) / 3

    assert float(distance_relation(student, teacher)) == pytest.approx(expected)


def test_angles_by_hand() -> None:
    # A triangle in the circle: its angles are half the arcs they look at.
    student, teacher = at_degrees(0, 120, 240), at_degrees(0, 90, 180)
    ours = [math.cos(math.radians(60))] * 3
    theirs = [math.cos(math.radians(angle)) for angle in (45, 90, 45)]
    expected = sum((a - b) ** 2 / 2 for a, b in zip(ours, theirs, strict=True)) / 3

    assert float(angle_relation(student, teacher)) == pytest.approx(expected)


def test_similarities_by_hand() -> None:
    student, teacher = at_degrees(0, 60), at_degrees(0, 90)

    assert float(similarity_relation(student, teacher)) == pytest.approx(0.25)


@pytest.mark.parametrize("relation", RELATIONS)
def test_turning_all_faces_together_changes_nothing(relation) -> None:
    torch.manual_seed(0)
    teacher = torch.randn(6, 4, dtype=torch.float64)
    turn, _ = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64))

    assert float(relation(3 * teacher @ turn, teacher)) == pytest.approx(0, abs=1e-12)
    assert float(relation(torch.randn(6, 4, dtype=torch.float64), teacher)) > 1e-3


@pytest.mark.parametrize("relation", RELATIONS)
def test_the_gradient_is_right_and_finite_for_equal_faces(relation) -> None:
    torch.manual_seed(0)
    teacher = torch.randn(4, 5, dtype=torch.float64)
    student = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    torch.autograd.gradcheck(lambda x: relation(x, teacher), (student,))

    equal = torch.ones(4, 3, dtype=torch.float64, requires_grad=True)
    relation(equal, teacher).backward()
    assert equal.grad is not None
    assert torch.isfinite(equal.grad).all()


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_face_alone_has_no_relations(relation) -> None:
    alone = torch.ones(1, 3, requires_grad=True)

    assert float(relation(alone, torch.ones(1, 3)).detach()) == 0
