"""The exponential average of a network's weights and statistics: what is evaluated and shipped."""

import torch
from torch import Tensor, nn


class Average:
    """Averaged copies of every floating-point parameter and buffer.

    They are kept as one long vector, because a thousand small updates cost more than the step of
    a small network saves.

    Args:
        net: Where the average begins.

    Attributes:
        vector: All of them, joined.
    """

    def __init__(self, net: nn.Module) -> None:
        values = _floats(net)
        self._names = tuple(values)
        self._shapes = tuple(value.shape for value in values.values())
        self.vector = _joined(net)

    def follow(self, net: nn.Module, decay: float) -> None:
        """Move towards a network of the same shapes: average ← decay·average + (1 − decay)·net."""
        self.vector.lerp_(_joined(net), 1 - decay)

    def tensors(self) -> dict[str, Tensor]:
        """By name; views, so not to be written into."""
        parts = torch.split(self.vector, [shape.numel() for shape in self._shapes])
        return {
            name: part.view(shape)
            for name, part, shape in zip(self._names, parts, self._shapes, strict=True)
        }

    def load(self, saved: dict[str, Tensor]) -> None:
        """Take over saved tensors, whose shapes become those of the average.

        Raises:
            KeyError: One is missing.
        """
        values = [saved[name] for name in self._names]
        self._shapes = tuple(value.shape for value in values)
        self.vector = torch.cat([value.reshape(-1) for value in values])


def _floats(net: nn.Module) -> dict[str, Tensor]:
    return {name: value for name, value in net.state_dict().items() if value.is_floating_point()}


def _joined(net: nn.Module) -> Tensor:
    return torch.cat([value.detach().reshape(-1) for value in _floats(net).values()])
