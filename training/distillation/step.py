"""The mathematics of a distillation: every term of the loss, as one step of the loop."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from training.distillation.hints import HintTargets, hint_loss
from training.distillation.source import Batch
from training.engine.state import State
from training.losses.distil import cosine_distance, squared_difference
from training.losses.margin import MarginHead
from training.losses.relation import angle_relation, distance_relation, similarity_relation
from training.recipe.distil import LossSection

NET, ADAPTERS, CENTRES = "net", "adapters", "centres"
"""Names of the modules in a state and its checkpoints."""

TERMS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cosine": cosine_distance,
    "squared": squared_difference,
    "distances": distance_relation,
    "angles": angle_relation,
    "similarity": similarity_relation,
}
"""By their key in [loss]: (student, teacher) → scalar."""


@dataclass(frozen=True, slots=True, eq=False)
class DistilStep:
    """One forward and backward pass, called by the loop.

    Attributes:
        hints: All of the recipe's, in the order of the adapters.
    """

    section: LossSection
    hints: tuple[HintTargets, ...]

    def __call__(self, state: State, batch: Batch) -> dict[str, float | Tensor]:
        """Gradients of the weighted sum; every term is reported unweighted."""
        weights = [hint.weight(state.presentations) for hint in self.hints]
        active = [number for number, weight in enumerate(weights) if weight > 0]
        figures: dict[str, float | Tensor] = {}

        def loss(embedding: Tensor, *maps: Tensor) -> Tensor:
            total = self._taught(embedding, batch, figures) + self._named(
                state, embedding, batch, figures
            )
            for number, found, target in zip(active, maps, batch.hints, strict=True):
                adapter = state.modules[ADAPTERS].get_submodule(str(number))
                value = hint_loss(adapter, found, target)
                figures[f"hint_{number}"] = value.detach()
                total = total + weights[number] * value
            return total

        names = [self.hints[number].hint.student for number in active]
        value = state.engine.embed_and_backward(batch.images, loss, names)
        return {"loss": value, **figures}

    def _taught(
        self, embedding: Tensor, batch: Batch, figures: dict[str, float | Tensor]
    ) -> Tensor:
        total = embedding.sum() * 0.0
        for name, term in TERMS.items():
            weight = getattr(self.section, name)
            if weight:
                value = term(embedding, batch.targets)
                figures[name] = value.detach()
                total = total + weight * value
        return total

    def _named(
        self, state: State, embedding: Tensor, batch: Batch, figures: dict[str, float | Tensor]
    ) -> Tensor:
        """The margin loss over the faces whose people are known."""
        if not self.section.margin:
            return embedding.sum() * 0.0
        head = state.modules[CENTRES]
        assert isinstance(head, MarginHead), "the command puts it there"
        known = batch.labels >= 0
        figures["margin"] = torch.zeros(())
        if not bool(known.any()):
            return embedding.sum() * 0.0
        result = head(embedding[known], batch.labels[known])
        figures["margin"] = result.loss.detach()
        # The mean is over the whole batch, so that few labelled faces count little.
        part: Tensor = result.loss * (known.float().mean() * self.section.margin)
        return part
