"""Supervised training: batches of labelled faces, the margin loss as a step, a held-out check."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.data.augment import draw, plain_views
from training.data.batches import images_of
from training.data.labelled import Labelled
from training.engine.state import State
from training.losses.margin import MarginHead, MarginResult
from training.order import Portion

EMBED_BATCH = 64  # pictures at a time for the held-out check

NET, CENTRES = "net", "centres"
"""Names of the two modules in a state and its checkpoints."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledBatch:
    """What one step sees.

    Attributes:
        images: float32 (N, 3, side, side), RGB, (x − 127.5) / 127.5, on the training device.
        labels: int64 (N,), likewise.
    """

    images: Tensor
    labels: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFaces:
    """All crops that are trained on, as the loop asks for them."""

    data: Labelled

    @property
    def count(self) -> int:
        """Crops in an epoch."""
        return len(self.data)

    def batch(self, portion: Portion) -> LabelledBatch:
        """Augmented views of a portion with their labels."""
        stage, random = portion.stage, np.random.default_rng(portion.seed)
        draws = draw(len(portion.indices), stage.strength, random)
        crops = self.data.crops(portion.indices)
        images = images_of(crops, draws, stage.side, portion.device)
        labels = torch.from_numpy(self.data.labels[portion.indices])
        return LabelledBatch(images, labels.to(portion.device))


def margin_step(state: State, batch: LabelledBatch) -> Mapping[str, float | Tensor]:
    """Gradients of the margin loss on the network and on the class centres."""
    head = cast(MarginHead, state.modules[CENTRES])
    results: list[MarginResult] = []

    def loss(embeddings: Tensor) -> Tensor:
        results.append(head(embeddings, batch.labels))
        return results[0].loss

    value = state.engine.embed_and_backward(batch.images, loss)
    return {"loss": value, "accuracy": results[0].accuracy}


def held_out_check(state: State, held_out: Labelled, count: int) -> dict[str, float]:
    """Equal error rate among crops of people who are never trained on; empty without them.

    Args:
        count: Crops to embed at most; all pairs of them are compared.
    """
    chosen = np.argsort(held_out.labels, kind="stable")[:count]  # whole people, for mated pairs
    labels = held_out.labels[chosen]
    same = labels[:, None] == labels[None, :]
    pairs = np.triu(np.ones_like(same), k=1)
    if not (same & pairs).any() or not (~same & pairs).any():
        return {}
    vectors = _embed(state, held_out.crops(chosen))
    scores = vectors @ vectors.T
    return {"held_out_eer": equal_error_rate(scores[same & pairs], scores[~same & pairs])}


def equal_error_rate(mated: NDArray[np.float32], non_mated: NDArray[np.float32]) -> float:
    """The rate at which FMR and FNMR meet: the mean of both where they are closest.

    Args:
        mated: Scores (m,) of comparisons of one person with themselves.
        non_mated: Scores (n,) of comparisons of two people.
    """
    thresholds = np.concatenate([mated, non_mated])
    fnmr = np.searchsorted(np.sort(mated), thresholds, side="left") / len(mated)
    fmr = 1 - np.searchsorted(np.sort(non_mated), thresholds, side="left") / len(non_mated)
    nearest = int(np.argmin(np.abs(fnmr - fmr)))
    return float(fnmr[nearest] + fmr[nearest]) / 2


def _embed(state: State, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Unit vectors by the network in evaluation mode; float32 (N, d)."""
    state.net.eval()
    parts = []
    with torch.no_grad():
        for start in range(0, len(crops), EMBED_BATCH):
            views = plain_views(crops[start : start + EMBED_BATCH], state.side)
            vectors = state.net(torch.from_numpy(views.images).to(state.device))
            parts.append(torch.nn.functional.normalize(vectors.float(), dim=1).cpu().numpy())
    return np.concatenate(parts)
