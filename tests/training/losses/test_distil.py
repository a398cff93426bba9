"""Distillation losses against values worked out by hand."""

import pytest
import torch

from training.losses.distil import cosine_distance, map_difference, squared_difference


def test_cosine_distance_is_free_of_length() -> None:
    student = torch.tensor([[2.0, 0.0], [0.0, 3.0]])
    teacher = torch.tensor([[1.0, 0.0], [1.0, 1.0]])

    assert float(cosine_distance(student, teacher)) == pytest.approx((0 + 1 - 0.5**0.5) / 2)


@pytest.mark.parametrize("size", [128, 256])
def test_the_published_weight_is_a_weight_on_the_cosine(size: int) -> None:
    torch.manual_seed(0)
    student, teacher = torch.randn(5, size), torch.randn(5, size)

    published = 100 * squared_difference(student, teacher)

    torch.testing.assert_close(published, 200 / size * cosine_distance(student, teacher))


def test_the_published_loss_of_a_right_angle() -> None:
    student, teacher = torch.eye(128)[:1], torch.eye(128)[1:2]

    assert float(100 * squared_difference(student, teacher)) == pytest.approx(1.5625)


def test_the_gradient_has_no_part_along_the_embedding() -> None:
    student = torch.tensor([[3.0, 4.0]], requires_grad=True)
    torch.autograd.backward(cosine_distance(student, torch.tensor([[1.0, 0.0]])))

    assert student.grad is not None
    assert float((student.grad * student.detach()).sum()) == pytest.approx(0, abs=1e-6)


def test_maps_meet_at_the_coarser_size() -> None:
    fine = torch.tensor([[[[0.0, 2.0], [4.0, 6.0]]]])

    assert float(map_difference(fine, torch.full((1, 1, 1, 1), 5.0))) == 4.0
    assert float(map_difference(torch.full((1, 1, 1, 1), 5.0), fine)) == 4.0
    assert float(map_difference(fine, fine + 1)) == 1.0
