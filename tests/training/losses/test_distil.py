"""Distillation losses by hand."""

import pytest
import torch

from training.losses.distil import cosine_distance


def test_cosine_distance_is_the_mean_of_one_minus_cosine() -> None:
    student = torch.tensor([[3.0, 0.0], [0.0, 2.0], [-1.0, 0.0]])
    teacher = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])

    assert float(cosine_distance(student, teacher)) == pytest.approx((0 + 1 + 2) / 3)


def test_cosine_distance_ignores_lengths() -> None:
    student, teacher = torch.randn(5, 8), torch.randn(5, 8)

    torch.testing.assert_close(
        cosine_distance(student * 7, teacher * 0.1), cosine_distance(student, teacher)
    )
