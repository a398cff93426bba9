"""What a student is taught: functions of embeddings and of inner maps."""

from torch import Tensor
from torch.nn import functional


def cosine_distance(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean of 1 − cos over a batch, 0–2. Free of the embedding's size and length.

    Args:
        student: (N, d), of any length.
        teacher: (N, d), of any length but 0.
    """
    return (1.0 - functional.cosine_similarity(student, teacher, dim=1)).mean()


def squared_difference(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean over a batch and over d of the squared difference of unit vectors: (2 − 2·cos) / d.

    So a weight w here is a weight 2·w/d on `cosine_distance`, half as much at twice the size.

    Args:
        student: (N, d), of any length.
        teacher: (N, d), of any length but 0.

    Source: Boutros et al., PocketNet, IEEE Access 2022, with w = 100.
    """
    return functional.mse_loss(functional.normalize(student), functional.normalize(teacher))


def map_difference(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared difference of two maps; the finer one is averaged down to the coarser one.

    Args:
        student: (N, C, h, w).
        teacher: (N, C, H, W).

    Source: Romero et al., FitNets: Hints for Thin Deep Nets, ICLR 2015.
    """
    side = min(student.shape[-1], teacher.shape[-1])
    return functional.mse_loss(_to_side(student, side), _to_side(teacher, side))


def _to_side(maps: Tensor, side: int) -> Tensor:
    return maps if maps.shape[-1] == side else functional.adaptive_avg_pool2d(maps, side)
