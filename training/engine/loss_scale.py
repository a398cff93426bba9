"""The factor that keeps small fp16 gradients from vanishing."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

FIRST = 65536.0  # fp16 gradients below 6e-8 vanish; torch's own scaler begins here too
GROWTH_STEPS = 2000  # good steps after which the factor doubles


class LossScale:
    """A factor on the loss that halves when gradients overflow and doubles when all is well.

    Args:
        needed: fp16 alone needs it; otherwise the factor is 1 for good.
    """

    def __init__(self, *, needed: bool) -> None:
        self._needed = needed
        self.factor = FIRST if needed else 1.0
        self._good = 0

    def unscale_(self, gradients: Sequence[Tensor]) -> bool:
        """Divide gradients by the factor, in place; False where the step must be left out."""
        if not self._needed:
            return True
        finite = bool(torch.stack([each.isfinite().all() for each in gradients]).all())
        for gradient in gradients:
            gradient.div_(self.factor)
        self._good = self._good + 1 if finite else 0
        if not finite:
            self.factor /= 2
        elif self._good == GROWTH_STEPS:
            self.factor, self._good = self.factor * 2, 0
        return finite

    def tensors(self) -> dict[str, Tensor]:
        """Everything `load` needs, by name."""
        return {"factor": torch.tensor(self.factor), "good": torch.tensor(float(self._good))}

    def load(self, saved: Mapping[str, Tensor]) -> None:
        """Continue from what `tensors` returned; nothing where either run needs no factor."""
        factor = float(saved["factor"])
        if self._needed and factor != 1:
            self.factor, self._good = factor, int(saved["good"])
