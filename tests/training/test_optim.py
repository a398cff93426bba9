"""The optimisers against slow references, and the schedule at its borders."""

import pytest
import torch
from torch import nn

from training.optim import Optimiser, matrix_names, orthogonalise, rate_share
from training.recipe import OptimSection


def published_newton_schulz(matrix: torch.Tensor) -> torch.Tensor:
    """The iteration as published, on the wide side."""
    x = matrix / matrix.norm()
    for _ in range(5):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x


@pytest.mark.parametrize("shape", [(16, 64), (64, 16), (32, 32)])
def test_orthogonalise_is_the_published_iteration(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    matrix = torch.randn(*shape, dtype=torch.float64)
    wide = matrix if shape[0] <= shape[1] else matrix.T

    expected = published_newton_schulz(wide)

    result = orthogonalise(matrix[None])[0]
    torch.testing.assert_close(result, expected if shape[0] <= shape[1] else expected.T)


def test_tall_matrices_are_treated_in_blocks() -> None:
    torch.manual_seed(0)
    matrix = torch.randn(256, 32, dtype=torch.float64)

    result = orthogonalise(matrix[None])[0]

    torch.testing.assert_close(result[64:128], orthogonalise(matrix[None, 64:128])[0])


def test_a_zero_gradient_gives_a_finite_step() -> None:
    assert torch.isfinite(orthogonalise(torch.zeros(1, 4, 8))).all()


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(4, 4, 3, groups=4, bias=False)
        self.pointwise = nn.Conv2d(4, 6, 1, bias=False)
        self.norm = nn.BatchNorm2d(6)


def with_gradients(net: nn.Module) -> nn.Module:
    for parameter in net.parameters():
        parameter.grad = torch.randn_like(parameter)
    return net


def test_only_ordinary_pointwise_weights_are_matrices() -> None:
    assert matrix_names(Small()) == {"pointwise.weight"}


def test_the_rest_moves_as_torchs_adamw() -> None:
    torch.manual_seed(0)
    net, other = Small(), Small()
    other.load_state_dict(net.state_dict())
    ours = Optimiser(net, OptimSection(rate=0.01, weight_decay=0.1, beta2=0.9))
    groups = [
        {"params": [other.depthwise.weight], "weight_decay": 0.1},
        {"params": [other.norm.weight, other.norm.bias], "weight_decay": 0.0},
    ]
    theirs = torch.optim.AdamW(groups, lr=0.01, betas=(0.9, 0.9))

    for _ in range(4):
        with_gradients(net)
        for parameter, twin in zip(net.parameters(), other.parameters(), strict=True):
            assert parameter.grad is not None
            twin.grad = parameter.grad.clone()
        ours.step(1.0)
        theirs.step()

    torch.testing.assert_close(net.depthwise.weight, other.depthwise.weight)
    torch.testing.assert_close(net.norm.bias, other.norm.bias)


def test_a_loaded_optimiser_goes_on_bit_for_bit() -> None:
    torch.manual_seed(0)
    net = Small()
    first = Optimiser(net, OptimSection())
    with_gradients(net)
    first.step(1.0)
    twin = Small()
    twin.load_state_dict(net.state_dict())
    second = Optimiser(twin, OptimSection())
    second.load({name: tensor.clone() for name, tensor in first.tensors().items()})

    with_gradients(net)
    for parameter, other in zip(net.parameters(), twin.parameters(), strict=True):
        other.grad = parameter.grad
    first.step(1.0)
    second.step(1.0)

    assert all(
        torch.equal(one, other)
        for one, other in zip(net.parameters(), twin.parameters(), strict=True)
    )


def test_a_replaced_parameter_starts_afresh_and_the_others_do_not() -> None:
    torch.manual_seed(0)
    net = Small()
    optimiser = Optimiser(net, OptimSection())
    with_gradients(net)
    optimiser.step(1.0)
    kept = optimiser.tensors()["first"][36:].clone()
    old = net.depthwise.weight
    net.depthwise.weight = nn.Parameter(torch.zeros(4, 1, 2, 2))

    optimiser.replace(old, net.depthwise.weight)

    first = optimiser.tensors()["first"]
    assert torch.equal(first, torch.cat([torch.zeros(16), kept]))


@pytest.mark.parametrize(
    ("shown", "expected"), [(0, 0.01), (99, 1.0), (100, 1.0), (800, 1.0), (900, 0.5), (1000, 0.0)]
)
def test_the_rate_rises_then_stays_then_falls(shown: int, expected: float) -> None:
    share = rate_share(shown, total=1000, warm_up=100, decay=200)

    assert share == pytest.approx(expected)


def test_without_a_decay_the_rate_stays() -> None:
    assert rate_share(999, total=1000, warm_up=0, decay=0) == 1.0


def test_a_branch_falls_from_where_it_began() -> None:
    assert rate_share(500, total=600, warm_up=0, decay=200, start=500) == 1.0
    assert rate_share(550, total=600, warm_up=0, decay=200, start=500) == pytest.approx(0.5)
