"""Muon, AdamW and SGD over many small parameters, with a state that can be saved exactly.

Source of Muon: Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024; the
Newton–Schulz coefficients are theirs.
"""

from collections import defaultdict
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from training.recipe.sections import OptimSection

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
NEWTON_SCHULZ_STEPS = 5
NORM_FLOOR = 1e-7  # keeps a zero gradient from dividing by zero
TALL_ROWS = 256
BLOCK_ROWS = 64
"""A matrix of at least TALL_ROWS rows is orthogonalised in blocks of BLOCK_ROWS.

The only one in PocketNetS is 512×512, whose Newton–Schulz would cost more than all the other
154 matrices together, and about fifteen times what its blocks cost.
"""
ADAM_EPS = 1e-8
SPATIAL = "tail.spatial.weight"  # the one parameter whose shape follows the input size
COLOURS = 3  # a convolution of so few inputs is a stem, whose weights are no matrix worth the name


class Optimiser:
    """One optimiser, or two, over the parameters of several modules.

    Parameters are many and small, so all of a kind are treated at once: AdamW and SGD on one long
    vector, Muon on stacks of equal shape. A parameter without a gradient counts as one whose
    gradient is 0.

    Args:
        modules: By name; only the matrices of "net" are Muon's.
        section: Rates, momenta and decay.
    """

    def __init__(self, modules: Mapping[str, nn.Module], section: OptimSection) -> None:
        self._section = section
        matrices = matrix_names(modules["net"]) if section.kind == "muon" else frozenset()
        self._stacks: dict[str, list[nn.Parameter]] = defaultdict(list)
        self._decayed: list[nn.Parameter] = []
        self._plain: list[nn.Parameter] = []
        for owner, module in modules.items():
            for name, parameter in module.named_parameters():
                if not parameter.requires_grad:
                    continue
                if owner == "net" and name in matrices:
                    key = "x".join(map(str, parameter.flatten(1).shape))
                    self._stacks[key].append(parameter)
                else:
                    # Norms and slopes are vectors; decaying them kills channels.
                    decayed = parameter.ndim > 1 or section.decay_all
                    (self._decayed if decayed else self._plain).append(parameter)
        device = next(modules["net"].parameters()).device if "net" in modules else None
        self._momentum = {
            key: torch.zeros(len(stack), *stack[0].flatten(1).shape, device=device)
            for key, stack in self._stacks.items()
        }
        rest = sum(parameter.numel() for parameter in self._flat)
        names = ("velocity",) if section.kind == "sgd" else ("first", "second", "count")
        self._vectors = {name: torch.zeros(rest, device=device) for name in names}

    @property
    def _flat(self) -> list[nn.Parameter]:
        return [*self._decayed, *self._plain]

    def step(self, share: float) -> None:
        """One update, with the gradients the parameters hold.

        Args:
            share: Of the full rates, 0–1: the schedule.
        """
        with torch.no_grad():
            rate = share * self._section.rate
            if self._flat:
                self._sgd(rate) if self._section.kind == "sgd" else self._adamw(rate)
            for key, stack in self._stacks.items():
                self._muon(self._momentum[key], stack, share * self._section.matrix_rate)

    def tensors(self) -> dict[str, Tensor]:
        """Everything `load` needs, by name."""
        momentum = {f"momentum.{key}": value for key, value in self._momentum.items()}
        return self._vectors | momentum

    def load(self, saved: Mapping[str, Tensor]) -> None:
        """Continue from what `tensors` returned, for parameters of the same shapes.

        Raises:
            KeyError: A part is missing.
            RuntimeError: A part has another shape.
        """
        for name, value in self.tensors().items():
            value.copy_(saved[name])

    def replace(self, old: Tensor, new: nn.Parameter) -> None:
        """Put a parameter of any shape in the place of one outside Muon; it starts afresh."""
        start = 0
        for group in (self._decayed, self._plain):
            for index, parameter in enumerate(group):
                end = start + parameter.numel()
                if parameter is old:
                    group[index] = new
                    for name, vector in self._vectors.items():
                        fresh = vector.new_zeros(new.numel())
                        self._vectors[name] = torch.cat([vector[:start], fresh, vector[end:]])
                    return
                start = end

    def _decay(self, rate: float) -> None:
        torch._foreach_mul_(tuple(self._decayed), 1 - rate * self._section.weight_decay)

    def _gradients(self, *, coupled: bool) -> Tensor:
        """One long vector; with the decay added where it is part of the gradient."""
        decay = self._section.weight_decay if coupled else 0.0
        parts = [
            torch.add(_gradient(parameter), parameter, alpha=decay).reshape(-1)
            if decay
            else _gradient(parameter).reshape(-1)
            for parameter in self._decayed
        ]
        return torch.cat([*parts, *(_gradient(each).reshape(-1) for each in self._plain)])

    def _move(self, steps: Tensor, rate: float) -> None:
        flat = tuple(self._flat)
        parts = torch.split(steps, [parameter.numel() for parameter in flat])
        # One call: 550 of their own take longer than all the arithmetic before them.
        shaped = [part.view_as(parameter) for parameter, part in zip(flat, parts, strict=True)]
        torch._foreach_add_(flat, shaped, alpha=-rate)

    def _sgd(self, rate: float) -> None:
        momentum, velocity = self._section.momentum, self._vectors["velocity"]
        gradient = self._gradients(coupled=True)
        velocity.mul_(momentum).add_(gradient)
        self._move(
            gradient.add(velocity, alpha=momentum) if self._section.nesterov else velocity, rate
        )

    def _adamw(self, rate: float) -> None:
        beta1, beta2 = self._section.beta1, self._section.beta2
        first, second, count = (self._vectors[name] for name in ("first", "second", "count"))
        gradient = self._gradients(coupled=self._section.coupled)
        count += 1
        first.lerp_(gradient, 1 - beta1)
        second.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        mean = first / (1 - beta1**count)
        spread = (second / (1 - beta2**count)).sqrt_().add_(ADAM_EPS)
        if not self._section.coupled:
            self._decay(rate)
        self._move(mean / spread, rate)

    def _muon(self, average: Tensor, stack: list[nn.Parameter], rate: float) -> None:
        momentum = self._section.momentum
        gradient = torch.stack([_gradient(parameter).flatten(1) for parameter in stack])
        average.lerp_(gradient, 1 - momentum)
        updates = orthogonalise(gradient.lerp_(average, momentum))  # Nesterov's momentum
        rows, columns = updates.shape[1:]
        # An orthogonal step of a tall matrix moves each output less; the published balance.
        scale = rate * max(1.0, rows / columns) ** 0.5
        shaped = [update.view_as(each) for each, update in zip(stack, updates, strict=True)]
        torch._foreach_mul_(tuple(stack), 1 - rate * self._section.weight_decay)
        torch._foreach_add_(tuple(stack), shaped, alpha=-scale)


def _gradient(parameter: nn.Parameter) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def matrix_names(net: nn.Module) -> frozenset[str]:
    """Names of the weights that are matrices: of ordinary convolutions and linear layers.

    Neither the stem, whose inputs are colours, nor the kernel that follows the input size.
    """
    return frozenset(
        f"{name}.weight"
        for name, module in net.named_modules()
        if (isinstance(module, nn.Conv2d) and module.groups == 1 and module.in_channels > COLOURS)
        or isinstance(module, nn.Linear)
    ) - {SPATIAL}


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
    identity = torch.eye(rows, dtype=gram.dtype, device=gram.device).expand_as(gram)
    factor = polynomial = torch.baddbmm(a * identity + b * gram, gram, gram, alpha=c)
    for _ in range(NEWTON_SCHULZ_STEPS - 1):
        gram = polynomial @ gram @ polynomial
        polynomial = torch.baddbmm(a * identity + b * gram, gram, gram, alpha=c)
        factor = polynomial @ factor
    result: Tensor = factor @ x
    return result
