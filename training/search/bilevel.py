"""The gradient of the architecture: of the loss on held-back pictures, through the weights or not.

The problem has two levels: alphas a shall minimise V(w*(a), a) on the validation half, where the
weights w*(a) minimise T(w, a) on the training half. w* is replaced by the present weights (first
order) or by the weights after one more step of their optimiser (second order).

Source: Liu et al., DARTS, ICLR 2019, equations 5–8.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

PROBE_LENGTH = 0.01  # of the finite difference, in the weights' space (DARTS, below equation 8)
NORM_FLOOR = 1e-12  # below it the validation loss does not depend on the weights at all

Gradients = tuple[Tensor, ...]
LossGradient = Callable[[Sequence[nn.Parameter]], tuple[Tensor, Gradients]]
"""Parameters → the loss, detached, and its gradient with respect to them, at their present values.

Leaves every parameter and every `grad` as it was.
"""


def first_order(alphas: Sequence[nn.Parameter], valid: LossGradient) -> tuple[Tensor, Gradients]:
    """The validation loss and its gradient with respect to the alphas at the present weights."""
    return valid(alphas)


def second_order(
    weights: Sequence[nn.Parameter],
    alphas: Sequence[nn.Parameter],
    train: LossGradient,
    valid: LossGradient,
    advance: Callable[[Gradients], None],
    rate: float,
) -> tuple[Tensor, Gradients]:
    """The validation loss one step ahead, and its gradient with respect to the alphas.

    The mixed second derivative times the validation gradient is taken as a central difference of
    the training loss's gradient with respect to the alphas.

    Args:
        weights: Changed while this runs, then put back.
        advance: Moves the weights, in place, by the step that SGD would take with these
            gradients of theirs.
        rate: Of that step: by how much a weight moves for a gradient of 1.
    """
    kept = [weight.detach().clone() for weight in weights]
    _, gradients = train(weights)
    advance(gradients)
    loss, found = valid([*alphas, *weights])
    direct, onward = found[: len(alphas)], found[len(alphas) :]
    length = float(torch.stack([part.norm() for part in onward]).norm())
    if length < NORM_FLOOR:
        _put(weights, kept)
        return loss, direct
    reach = PROBE_LENGTH / length
    _put(weights, kept, onward, reach)
    _, above = train(alphas)
    _put(weights, kept, onward, -reach)
    _, below = train(alphas)
    _put(weights, kept)
    share = rate / (2 * reach)
    return loss, tuple(
        part - share * (up - down) for part, up, down in zip(direct, above, below, strict=True)
    )


def _put(
    weights: Sequence[nn.Parameter],
    values: Sequence[Tensor],
    direction: Sequence[Tensor] | None = None,
    reach: float = 0.0,
) -> None:
    """Set weights to values + reach · direction."""
    with torch.no_grad():
        for number, (weight, value) in enumerate(zip(weights, values, strict=True)):
            weight.copy_(value)
            if direction is not None:
                weight.add_(direction[number], alpha=reach)
