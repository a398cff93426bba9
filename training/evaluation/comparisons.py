"""Which pictures of a set are compared with which, and what their scores are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
SHORTEST = 1e-12  # length below which a vector has no direction; it then scores 0 with all others


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """The trials of one set.

    Attributes:
        left: int (P,): number of each pair's reference picture.
        right: int (P,): of its probe picture.
        mated: bool (P,).
        fold: int (P,); folds hold different people.
        people: int (pictures,): number of the person on each picture.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    mated: NDArray[np.bool_]
    fold: NDArray[np.int64]
    people: NDArray[np.int64]

    def between(self, usable: NDArray[np.bool_]) -> "Comparisons":
        """Only the pairs whose pictures are both usable.

        Args:
            usable: bool (pictures,).
        """
        return self.where(usable[self.left] & usable[self.right])

    def where(self, kept: NDArray[np.bool_]) -> "Comparisons":
        """Only some pairs.

        Args:
            kept: bool (P,).
        """
        return Comparisons(
            self.left[kept], self.right[kept], self.mated[kept], self.fold[kept], self.people
        )

    def scores(self, references: Floats, probes: Floats | None = None) -> Floats:
        """Cosine of each pair, float32 (P,).

        Args:
            references: float32 (pictures, d), unit length.
            probes: The same pictures as probes, where these were made otherwise.
        """
        others = references if probes is None else probes
        cosines: Floats = np.einsum("nd,nd->n", references[self.left], others[self.right])
        return cosines


def unit(vectors: Floats) -> Floats:
    """Vectors (N, d) scaled to length 1; a vector without direction becomes 0."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, SHORTEST), dtype=np.float32)
