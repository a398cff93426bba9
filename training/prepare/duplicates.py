"""Crops that show a photograph which is there already, perhaps stored again in another way."""

import numpy as np
from numpy.typing import NDArray

from core.opencv import cv2

SIDE_PX = 16  # of the small grey picture that stands for a crop
INNER = slice(16, 112)  # of the 128-px crop: the face without its surroundings

SAME = 0.98
"""Correlation of two small grey pictures from which they show one photograph. Of 2,000 different
photographs of 400 people (CelebA) no two reach 0.970; the same photograph stored as JPEG at
quality 40 or at half the size keeps 0.999, brightened by a sixth 0.991 (99 in 100)."""


class KnownCrops:
    """Small grey pictures of the crops that were kept, and whose they are."""

    def __init__(self) -> None:
        self._vectors = np.empty((0, SIDE_PX * SIDE_PX), dtype=np.float32)
        self._people: list[str] = []

    def __len__(self) -> int:
        """Number of crops."""
        return len(self._people)

    def owner(self, crop: NDArray[np.uint8]) -> str | None:
        """Whose picture shows the same photograph; None where there is none.

        Args:
            crop: uint8 (128, 128, 3), BGR. Not modified.
        """
        alike = self._vectors[: len(self)] @ small_grey(crop)
        return self._people[int(alike.argmax())] if len(self) and alike.max() >= SAME else None

    def add(self, crop: NDArray[np.uint8], person: str) -> None:
        """Remember a crop."""
        if len(self) == len(self._vectors):
            room = max(1024, len(self))
            more = np.zeros((room, self._vectors.shape[1]), dtype=np.float32)
            self._vectors = np.concatenate([self._vectors, more])
        self._vectors[len(self)] = small_grey(crop)
        self._people.append(person)

    def stored(self) -> tuple[NDArray[np.float16], tuple[str, ...]]:
        """What `restored` takes: float16 (N, 256), and a person for each."""
        return self._vectors[: len(self)].astype(np.float16), tuple(self._people)


def restored(vectors: NDArray[np.float16], people: tuple[str, ...]) -> KnownCrops:
    """Crops remembered in an earlier run."""
    known = KnownCrops()
    known._vectors = vectors.astype(np.float32)  # noqa: SLF001 - its other half
    known._people = list(people)  # noqa: SLF001 - as above
    return known


def small_grey(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A crop as 256 grey values of mean 0 and length 1; of a plain one they are all 0."""
    grey = cv2.cvtColor(np.ascontiguousarray(crop[INNER, INNER]), cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    values = np.asarray(small, dtype=np.float32).ravel()
    values -= values.mean()
    unit: NDArray[np.float32] = values / max(float(np.linalg.norm(values)), 1e-6)
    return unit
