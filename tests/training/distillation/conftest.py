"""Teachers and faces made of numbers, so that what is taught can be worked out by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from torch import Tensor

from training.data.batches import Faces
from training.synth import draw_face


@dataclass
class Oracle:
    """A teacher that answers with the mean colours of nine parts of a view, and shows them.

    Attributes:
        asked: Views it was asked about, by count.
    """

    name: str = "oracle"
    sha256: str = "0123456789ab" * 5
    digest: str = "0123456789ab"
    asked: list[int] = field(default_factory=list)

    def answer(self, views: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        self.asked.append(len(views))
        parts = torch.nn.functional.adaptive_avg_pool2d(views, 3)
        return torch.nn.functional.normalize(parts.flatten(1)), (parts, parts)


@pytest.fixture
def oracle() -> Oracle:
    return Oracle()


@pytest.fixture(scope="session")
def faces() -> Faces:
    """Twelve crops of six people; the last person is held out, and nobody knows the fifth."""
    crops = np.stack([draw_face(person, crop) for person in range(6) for crop in range(2)])
    take: Callable[[np.ndarray], np.ndarray] = lambda indices: crops[indices].copy()  # noqa: E731
    return Faces(
        crops=take,
        labels=np.array([0, 0, 1, 1, 2, 2, 3, 3, -1, -1, -1, -1]),
        people=4,
        shown=np.arange(10),
        held_out=np.array([10, 11]),
        shards=(),
        digest="d" * 64,
        left_out={},
    )
