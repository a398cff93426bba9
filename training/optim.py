"""Muon for the 1×1 matrices and AdamW for the rest, with a state that can be saved exactly.

Source of Muon: Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024; the
Newton–Schulz coefficients are theirs.
"""

from collections import defaultdict

import torch
from torch import Tensor, nn

from training.recipe import OptimSection

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
NEWTON_SCHULZ_STEPS = 5
NORM_FLOOR = 1e-7  # keeps a zero gradient from dividing by zero
TALL_ROWS = 256
BLOCK_ROWS = 64
"""A matrix of at least TALL_ROWS rows is orthogonalised in blocks of BLOCK_ROWS.

The only one in PocketNetS is 512×512, whose Newton–Schulz would cost more than all the other
154 matrices together, and about fifteen times what its blocks cost.
"""
ADAM_BETA1 = 0.9
ADAM_EPS = 1e-8


class Optimiser:
    """Both optimisers over one network.

    Parameters are many and small, so each optimiser works on all of its kind at once: AdamW on
    one long vector, Muon on stacks of equal shape.

    Args:
        net: Its ordinary 1×1 convolutions go to Muon, everything else to AdamW.
        section: Rates, momenta and decay.
    """

    def __init__(self, net: nn.Module, section: OptimSection) -> None:
        self._section = section
        matrices = matrix_names(net)
        self._stacks: dict[str, list[nn.Parameter]] = defaultdict(list)
        self._decayed: list[nn.Parameter] = []
        self._plain: list[nn.Parameter] = []
        for name, parameter in net.named_parameters():
            if name in matrices:
                self._stacks["x".join(map(str, parameter.shape[:2]))].append(parameter)
            else:
                # Norms and slopes are vectors; decaying them kills channels.
                (self._decayed if parameter.ndim > 1 else self._plain).append(parameter)
        self._momentum = {
            key: torch.zeros(len(stack), *stack[0].shape[:2]) for key, stack in self._stacks.items()
        }
        rest = sum(parameter.numel() for parameter in (*self._decayed, *self._plain))
        self._first, self._second = torch.zeros(rest), torch.zeros(rest)
        self._count = torch.zeros(rest)

    def step(self, share: float) -> None:
        """One update, with the gradients the parameters hold.

        Args:
            share: Of the full rates, 0–1: the schedule.
        """
        with torch.no_grad():
            self._adamw(share * self._section.rate)
            for key, stack in self._stacks.items():
                self._muon(self._momentum[key], stack, share * self._section.matrix_rate)

    def tensors(self) -> dict[str, Tensor]:
        """Everything `load` needs, by name."""
        adam = {"first": self._first, "second": self._second, "count": self._count}
        return adam | {f"momentum.{key}": value for key, value in self._momentum.items()}

    def load(self, saved: dict[str, Tensor]) -> None:
        """Continue from what `tensors` returned, for a network of the same shapes.

        Raises:
            KeyError: A part is missing.
            RuntimeError: A part has another shape.
        """
        for name, value in self.tensors().items():
            value.copy_(saved[name])

    def replace(self, old: Tensor, new: nn.Parameter) -> None:
        """Put a parameter of any shape in the place of one that AdamW drives; it starts afresh."""
        start = 0
        for group in (self._decayed, self._plain):
            for index, parameter in enumerate(group):
                end = start + parameter.numel()
                if parameter is old:
                    group[index] = new
                    fresh = torch.zeros(new.numel())
                    self._first = torch.cat([self._first[:start], fresh, self._first[end:]])
                    self._second = torch.cat([self._second[:start], fresh, self._second[end:]])
                    self._count = torch.cat([self._count[:start], fresh, self._count[end:]])
                    return
                start = end

    def _adamw(self, rate: float) -> None:
        parameters = [*self._decayed, *self._plain]
        gradient = torch.cat([_gradient(parameter).reshape(-1) for parameter in parameters])
        beta2 = self._section.beta2
        self._count += 1
        self._first.lerp_(gradient, 1 - ADAM_BETA1)
        self._second.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        mean = self._first / (1 - ADAM_BETA1**self._count)
        spread = (self._second / (1 - beta2**self._count)).sqrt_().add_(ADAM_EPS)
        steps = torch.split(mean / spread, [parameter.numel() for parameter in parameters])
        for parameter in self._decayed:
            parameter.mul_(1 - rate * self._section.weight_decay)
        for parameter, step in zip(parameters, steps, strict=True):
            parameter.add_(step.view_as(parameter), alpha=-rate)

    def _muon(self, average: Tensor, stack: list[nn.Parameter], rate: float) -> None:
        momentum = self._section.momentum
        gradient = torch.stack([_gradient(parameter).flatten(1) for parameter in stack])
        average.lerp_(gradient, 1 - momentum)
        updates = orthogonalise(gradient.lerp_(average, momentum))  # Nesterov's momentum
        rows, columns = updates.shape[1:]
        # An orthogonal step of a tall matrix moves each output less; the published balance.
        scale = rate * max(1.0, rows / columns) ** 0.5
        for parameter, update in zip(stack, updates, strict=True):
            parameter.mul_(1 - rate * self._section.weight_decay)
            parameter.add_(update.view_as(parameter), alpha=-scale)


def _gradient(parameter: nn.Parameter) -> Tensor:
    assert parameter.grad is not None, "every parameter of the network takes part in its output"
    return parameter.grad


def matrix_names(net: nn.Module) -> frozenset[str]:
    """Names of the weights of ordinary 1×1 convolutions."""
    return frozenset(
        f"{name}.weight"
        for name, module in net.named_modules()
        if isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1) and module.groups == 1
    )


def orthogonalise(matrices: Tensor) -> Tensor:
    """The nearest matrices with singular values about 1, by five Newton–Schulz steps.

    Args:
        matrices: float (K, rows, columns); from 256 rows on, each is treated in blocks.

    Returns:
        Same shape. Singular values end between about 0.7 and 1.2, which training does not mind.
    """
    count, rows, columns = matrices.shape
    if rows >= TALL_ROWS and rows % BLOCK_ROWS == 0:
        blocks = matrices.reshape(-1, BLOCK_ROWS, columns)
        return orthogonalise(blocks).reshape(count, rows, columns)
    if rows > columns:
        return orthogonalise(matrices.transpose(1, 2)).transpose(1, 2)
    a, b, c = NEWTON_SCHULZ
    x = matrices / (matrices.norm(dim=(1, 2), keepdim=True) + NORM_FLOOR)
    # Every step multiplies by a polynomial of the Gram matrix from the left. All of them commute,
    # so they are gathered in `factor`, square and small, and meet the long side only once.
    gram = x @ x.transpose(1, 2)
    identity = torch.eye(rows, dtype=gram.dtype).expand_as(gram)
    factor = identity
    for _ in range(NEWTON_SCHULZ_STEPS):
        polynomial = torch.baddbmm(a * identity + b * gram, gram, gram, alpha=c)
        factor = polynomial @ factor
        gram = polynomial @ gram @ polynomial
    result: Tensor = factor @ x
    return result


def rate_share(presentations: int, total: int, warm_up: int, decay: int, start: int = 0) -> float:
    """Which part of the full rate applies: rises over `warm_up`, falls over the last `decay`.

    Args:
        presentations: Shown so far.
        total: At which the run ends.
        start: Before which nothing falls, so that a short branch may be all decay.
    """
    rising = min(1.0, (presentations + 1) / warm_up) if warm_up else 1.0
    begin = max(start, total - decay)
    falling = (total - presentations) / (total - begin) if decay and presentations > begin else 1.0
    return min(rising, max(0.0, falling))
