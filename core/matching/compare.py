"""One embedding against one vector."""

import numpy as np
from numpy.typing import NDArray

from core.domain.decision import Score
from core.domain.template import Embedding, ModelId, Template
from core.errors import ModelMismatchError


def compare(probe: Embedding, reference: Template) -> Score:
    """Cosine similarity of a probe and a stored template.

    Raises:
        ModelMismatchError: They were made by different models.
    """
    return _cosine(probe.vector, probe.model, reference.vector, reference.model)


def similarity(one: Embedding, other: Embedding) -> Score:
    """Cosine similarity of two probes, neither of which is enrolled.

    Raises:
        ModelMismatchError: They were made by different models.
    """
    return _cosine(one.vector, one.model, other.vector, other.model)


def _cosine(
    a: NDArray[np.float32], a_model: ModelId, b: NDArray[np.float32], b_model: ModelId
) -> Score:
    if a_model != b_model or a.shape != b.shape:
        raise ModelMismatchError
    # Rounding may carry the product of two unit vectors a little past 1.
    return Score(float(np.clip(a @ b, -1.0, 1.0)), a_model)
