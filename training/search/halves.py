"""Pictures in two halves: one trains the supernet's weights, the other its architecture.

Both halves hold every person, and both are shown with the same geometry and augmentation: an
architecture that is judged on larger or plainer faces than the weights were trained on would be
fitted to the difference.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.data.augment import augmented_views
from training.order import Portion


@dataclass(frozen=True, slots=True, eq=False)
class Half:
    """One half's share of a step.

    Attributes:
        images: float32 (N, 3, side, side), RGB, (x − 127.5) / 127.5, on the training device.
        targets: int64 (N,) classes, or float32 (N, d) unit vectors; likewise.
    """

    images: Tensor
    targets: Tensor


@dataclass(frozen=True, slots=True)
class HalvesBatch:
    """What one step sees: as many pictures of each half."""

    train: Half
    valid: Half


@dataclass(frozen=True, slots=True, eq=False)
class Halves:
    """Both halves as the loop asks for them; an epoch shows each of their pictures once.

    Attributes:
        crops: Indices (n,) → uint8 (n, 128, 128, 3), BGR.
        targets: For all pictures: int64 (N,) classes, or float32 (N, d) unit vectors.
        train: int64 (n,), into all pictures.
        valid: int64 (n,), likewise; none of them is in `train`.
    """

    crops: Callable[[NDArray[np.int64]], NDArray[np.uint8]]
    targets: NDArray[np.int64] | NDArray[np.float32]
    train: NDArray[np.int64]
    valid: NDArray[np.int64]

    @property
    def count(self) -> int:
        """Pictures of one half."""
        return len(self.train)

    def batch(self, portion: Portion) -> HalvesBatch:
        """The portion's pictures of either half, each seen anew."""
        return HalvesBatch(
            self._half(self.train[portion.indices], portion, 0),
            self._half(self.valid[portion.indices], portion, 1),
        )

    def _half(self, indices: NDArray[np.int64], portion: Portion, number: int) -> Half:
        random = np.random.default_rng((*portion.seed, number))
        stage = portion.stage
        views = augmented_views(self.crops(indices), stage.side, stage.strength, random)
        targets = torch.from_numpy(self.targets[indices])
        images = torch.from_numpy(views.images)
        return Half(images.to(portion.device), targets.to(portion.device))


def split_halves(
    people: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Two disjoint halves of equal size; of each person, as many pictures in one as in the other.

    Exactly as many where a person has an even number; otherwise one more in either. One picture
    is left out where the total is odd.

    Args:
        people: int64 (N,): who is on each picture. A number of its own stands for nobody known.

    Returns:
        Indices in random order, so that pictures of equal place in both are of different people.
    """
    random = np.random.default_rng((seed, len(people)))
    shuffled = random.permutation(len(people))
    by_person = shuffled[np.argsort(people[shuffled], kind="stable")]
    half = len(people) // 2
    first, second = by_person[0 : 2 * half : 2], by_person[1 : 2 * half : 2]
    return random.permutation(first), random.permutation(second)
