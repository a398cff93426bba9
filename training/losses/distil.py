"""What a student is taught: functions of embeddings."""

from torch import Tensor
from torch.nn import functional


def cosine_distance(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean of 1 − cos over a batch, 0–2. Free of the embedding's size and length.

    Args:
        student: (N, d), of any length.
        teacher: (N, d), of any length but 0.
    """
    return (1.0 - functional.cosine_similarity(student, teacher, dim=1)).mean()
