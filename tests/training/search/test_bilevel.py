"""The architecture's gradient against closed forms and against autograd through the step."""

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor, nn

from training.search.bilevel import (
    Gradients,
    LossGradient,
    first_order,
    second_order,
)

RATE, MOMENTUM, DECAY = 0.07, 0.9, 3e-2


def gradient_of(loss: Callable[[], Tensor]) -> LossGradient:
    def found(parameters: Sequence[nn.Parameter]) -> tuple[Tensor, Gradients]:
        value = loss()
        return value.detach(), torch.autograd.grad(value, list(parameters))

    return found


def parameter(*values: float) -> nn.Parameter:
    return nn.Parameter(torch.tensor(values, dtype=torch.float64))


def plain_step(weights: Sequence[nn.Parameter], rate: float) -> Callable[[Gradients], None]:
    def advance(gradients: Gradients) -> None:
        with torch.no_grad():
            for weight, gradient in zip(weights, gradients, strict=True):
                weight.sub_(rate * gradient)

    return advance


def test_second_order_equals_the_closed_form() -> None:
    # T = w²/2 − a·w, V = (w − 1)²/2 + a: one step leads to w' = w − r (w − a), so that
    # dV/da = 1 + r (w' − 1).
    w, a = parameter(3.0), parameter(0.5)
    ahead = 3.0 - RATE * (3.0 - 0.5)

    loss, (found,) = second_order(
        [w],
        [a],
        gradient_of(lambda: torch.sum(w * w / 2 - a * w)),
        gradient_of(lambda: torch.sum((w - 1) ** 2 / 2 + a)),
        plain_step([w], RATE),
        RATE,
    )

    assert float(loss) == pytest.approx((ahead - 1) ** 2 / 2 + 0.5)
    assert float(found) == pytest.approx(1 + RATE * (ahead - 1), rel=1e-9)
    assert w.item() == 3.0


def test_first_order_is_blind_to_what_the_weights_would_do() -> None:
    w, a = parameter(3.0), parameter(0.5)

    loss, (found,) = first_order([a], gradient_of(lambda: torch.sum((w - 1) ** 2 / 2 + a)))

    assert (float(loss), float(found)) == (2.5, 1.0)


def test_second_order_equals_autograd_through_a_step_with_momentum_and_decay() -> None:
    generator = torch.Generator().manual_seed(4)
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)  # noqa: E731
    first, last, alphas = (
        nn.Parameter(draw(5, 3)),
        nn.Parameter(draw(2, 5)),
        nn.Parameter(draw(2, 5)),
    )
    weights = [first, last]
    buffers = [draw(5, 3), draw(2, 5)]
    train_x, train_y, valid_x, valid_y = draw(9, 3), draw(9, 2), draw(9, 3), draw(9, 2)

    def answer(x: Tensor, one: Tensor, two: Tensor, a: Tensor) -> Tensor:
        mix = torch.softmax(a, dim=0)
        hidden = x @ one.T
        return (mix[0] * torch.tanh(hidden) + mix[1] * hidden) @ two.T

    def train_loss(one: Tensor, two: Tensor, a: Tensor) -> Tensor:
        return ((answer(train_x, one, two, a) - train_y) ** 2).mean()

    def valid_loss(one: Tensor, two: Tensor, a: Tensor) -> Tensor:
        return ((answer(valid_x, one, two, a) - valid_y) ** 2).mean()

    def advance(gradients: Gradients) -> None:
        with torch.no_grad():
            for weight, gradient, buffer in zip(weights, gradients, buffers, strict=True):
                weight.sub_(RATE * (MOMENTUM * buffer + gradient + DECAY * weight))

    before = [weight.detach().clone() for weight in weights]
    loss, (found,) = second_order(
        weights,
        [alphas],
        gradient_of(lambda: train_loss(first, last, alphas)),
        gradient_of(lambda: valid_loss(first, last, alphas)),
        advance,
        RATE,
    )

    gradients = torch.autograd.grad(train_loss(first, last, alphas), weights, create_graph=True)
    ahead = [
        weight - RATE * (MOMENTUM * buffer + gradient + DECAY * weight)
        for weight, gradient, buffer in zip(weights, gradients, buffers, strict=True)
    ]
    wanted_loss = valid_loss(ahead[0], ahead[1], alphas)
    (wanted,) = torch.autograd.grad(wanted_loss, [alphas])
    (blind,) = torch.autograd.grad(
        valid_loss(ahead[0].detach(), ahead[1].detach(), alphas), [alphas]
    )
    assert torch.allclose(loss, wanted_loss)
    assert torch.allclose(found, wanted, rtol=1e-4, atol=1e-9)
    assert not torch.allclose(blind, wanted, rtol=1e-2)
    assert all(torch.equal(old, new) for old, new in zip(before, weights, strict=True))
    assert first.grad is None
    assert alphas.grad is None


def test_a_validation_loss_without_weights_leaves_its_direct_gradient() -> None:
    w, a = parameter(3.0), parameter(0.5)

    _, (found,) = second_order(
        [w],
        [a],
        gradient_of(lambda: torch.sum(a * w)),
        gradient_of(lambda: torch.sum(a * a + 0 * w)),
        plain_step([w], RATE),
        RATE,
    )

    assert float(found) == 1.0
    assert w.item() == 3.0
