"""Relational distillation: a student learns how the faces of a batch lie to each other.

All three losses look at unit vectors, because faces are compared by cosine. None of them knows the
embedding's size, so teacher and student may differ in it.

Sources: Park et al., Relational Knowledge Distillation, CVPR 2019 (distances and angles); Tung and
Mori, Similarity-Preserving Knowledge Distillation, ICCV 2019 (the matrix of similarities).
"""

import torch
from torch import Tensor
from torch.nn import functional

LEAST_LENGTH = 1e-8  # keeps two equal faces from dividing by zero
MIN_PAIR, MIN_TRIPLE = 2, 3


def distance_relation(student: Tensor, teacher: Tensor) -> Tensor:
    """Huber loss between all distances of a batch, each set divided by its own mean.

    Args:
        student: (N, d), of any length; 0 for fewer than two faces.
        teacher: (N, e), of any length but 0.
    """
    if len(student) < MIN_PAIR:
        return student.sum() * 0.0
    ours, theirs = (functional.pdist(functional.normalize(each)) for each in (student, teacher))
    ours, theirs = (each / each.mean().clamp_min(LEAST_LENGTH) for each in (ours, theirs))
    return functional.smooth_l1_loss(ours, theirs)


def angle_relation(student: Tensor, teacher: Tensor) -> Tensor:
    """Huber loss between the cosines of the angles at every face between every two others.

    Args:
        student: (N, d), of any length; 0 for fewer than three faces. Takes N³ numbers.
        teacher: (N, e), of any length but 0.
    """
    if len(student) < MIN_TRIPLE:
        return student.sum() * 0.0
    apart = ~torch.eye(len(student), dtype=torch.bool, device=student.device)
    # At face j, between i and k; all three different.
    chosen = apart[:, :, None] & apart[:, None, :] & apart[None]
    return functional.smooth_l1_loss(_angles(student)[chosen], _angles(teacher)[chosen])


def _angles(vectors: Tensor) -> Tensor:
    """(N, d) → (N, N, N): at j, the cosine between the ways to i and to k."""
    unit = functional.normalize(vectors)
    ways = unit[None] - unit[:, None]
    ways = ways / ways.norm(dim=2, keepdim=True).clamp_min(LEAST_LENGTH)
    cosines: Tensor = ways @ ways.transpose(1, 2)
    return cosines


def similarity_relation(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared difference between the cosines of all pairs of different faces.

    Args:
        student: (N, d), of any length; 0 for fewer than two faces.
        teacher: (N, e), of any length but 0.
    """
    if len(student) < MIN_PAIR:
        return student.sum() * 0.0
    apart = ~torch.eye(len(student), dtype=torch.bool, device=student.device)
    ours, theirs = (functional.normalize(each) for each in (student, teacher))
    return functional.mse_loss((ours @ ours.T)[apart], (theirs @ theirs.T)[apart])
