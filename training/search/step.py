"""One step of a search: the architecture by one half of the pictures, the weights by the other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.engine.backend import TorchEngine
from training.engine.state import State
from training.losses.distil import cosine_distance
from training.optim import Optimiser
from training.search.bilevel import (
    Gradients,
    LossGradient,
    first_order,
    second_order,
)
from training.search.halves import Half, HalvesBatch
from training.search.space import ALPHAS, Alphas

CLASSES = "classes"
"""Name of the classifier in a search's state and checkpoints, where there are classes."""


class Passes(Protocol):
    """What computes gradients of a supernet: PyTorch, or the fused kernels."""

    def gradient(
        self,
        state: State,
        images: Tensor,
        loss: Callable[[Tensor], Tensor],
        parameters: Sequence[nn.Parameter],
    ) -> tuple[Tensor, Gradients]:
        """The detached loss of the embeddings of `images`, and its gradients.

        Args:
            images: float32 (N, 3, side, side). Not modified.
            parameters: Of the state's modules. No `grad` of theirs is touched.
        """
        ...


@dataclass(frozen=True, slots=True)
class Objective:
    """What the supernet's embeddings are compared with: classes, or a teacher's answers.

    Attributes:
        score: Name of the figure beside the loss: how often the right class comes first, or the
            mean cosine to the teacher.
    """

    score: Literal["top1", "cosine"]

    def loss(self, state: State, embeddings: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The loss, and the score (detached)."""
        if self.score == "cosine":
            distance = cosine_distance(embeddings.float(), targets)
            return distance, 1 - distance.detach()
        logits = state.modules[CLASSES](embeddings.float())
        right = (logits.argmax(dim=1) == targets).float().mean()
        return functional.cross_entropy(logits, targets), right.detach()


@dataclass(frozen=True, slots=True)
class SearchStep:
    """The step that the loop calls.

    Attributes:
        order: Of the architecture's gradient.
        rate: The full rate of the weights' optimiser.
        optimiser: Of the alphas.
    """

    objective: Objective
    order: Literal["first", "second"]
    rate: float
    optimiser: Optimiser
    passes: Passes

    def __call__(self, state: State, batch: HalvesBatch) -> Mapping[str, float | Tensor]:
        """Update the alphas, then leave the weights' gradients for the loop to use.

        The alphas' gradient is of the validation half alone; that of the training half reaches
        them only through the weights, in second order. The weights' gradient is of the training
        half, under the alphas as they have become.
        """
        alphas = list(state.modules[ALPHAS].parameters())
        weights = driven_weights(state)
        valid_loss, valid_score = self._move_alphas(state, batch, alphas, weights)
        scores: list[Tensor] = []
        train = self._gradient_of(state, batch.train, scores)
        loss, gradients = train(weights)
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.grad = gradient
        mixing = cast(Alphas, state.modules[ALPHAS])()
        return {
            "loss": loss,
            self.objective.score: scores[-1],
            "valid_loss": valid_loss,
            f"valid_{self.objective.score}": valid_score,
            "entropy_normal": mean_entropy(mixing.normal),
            "entropy_reduce": mean_entropy(mixing.reduce),
        }

    def _move_alphas(
        self,
        state: State,
        batch: HalvesBatch,
        alphas: list[nn.Parameter],
        weights: list[nn.Parameter],
    ) -> tuple[Tensor, Tensor]:
        scores: list[Tensor] = []
        valid = self._gradient_of(state, batch.valid, scores)
        if self.order == "first":
            loss, gradients = first_order(alphas, valid)
        else:
            train = self._gradient_of(state, batch.train, [])
            loss, gradients = second_order(
                weights,
                alphas,
                train,
                valid,
                lambda found: take_trial_step(state, weights, found),
                self.rate * state.rate,
            )
        state.group.mean_(gradients)
        for alpha, gradient in zip(alphas, gradients, strict=True):
            alpha.grad = gradient
        self.optimiser.step(1.0)
        return loss, scores[-1]

    def _gradient_of(self, state: State, half: Half, scores: list[Tensor]) -> LossGradient:
        def loss(embeddings: Tensor) -> Tensor:
            value, score = self.objective.loss(state, embeddings, half.targets)
            scores.append(score)
            return value

        return lambda parameters: self.passes.gradient(state, half.images, loss, parameters)


class TorchPasses:
    """Gradients by autograd."""

    def gradient(
        self,
        state: State,
        images: Tensor,
        loss: Callable[[Tensor], Tensor],
        parameters: Sequence[nn.Parameter],
    ) -> tuple[Tensor, Gradients]:
        """As the protocol says."""
        engine: TorchEngine = state.torch_engine
        with engine.autocast():
            embeddings = state.net(images, state.modules[ALPHAS]())
        value = loss(embeddings)
        return value.detach(), torch.autograd.grad(value, list(parameters))


def driven_weights(state: State) -> list[nn.Parameter]:
    """The parameters of the lower level: all but the alphas."""
    return [
        parameter
        for name, module in state.modules.items()
        if name != ALPHAS
        for parameter in module.parameters()
    ]


def take_trial_step(
    state: State, weights: Sequence[nn.Parameter], gradients: Sequence[Tensor]
) -> None:
    """Move the weights as the loop's optimiser would, which then forgets that it did."""
    kept = {name: value.clone() for name, value in state.optimiser.tensors().items()}
    for weight, gradient in zip(weights, gradients, strict=True):
        weight.grad = gradient
    state.optimiser.step(state.rate)
    state.optimiser.load(kept)
    for weight in weights:
        weight.grad = None


def mean_entropy(mixing: Tensor) -> Tensor:
    """Of the mixtures in the rows, in nats: ln(operations) when undecided, 0 when all are."""
    return -torch.xlogy(mixing, mixing).sum(dim=1).mean().detach()
