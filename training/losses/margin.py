"""Margin softmax losses on labelled faces: ArcFace, CosFace, AdaFace.

Symbols as in the papers: θ is the angle between an embedding and a class centre, m the margin, s
the scale. The functions take cosines and return logits; `MarginHead` holds the class centres.

Sources: Deng et al., ArcFace, CVPR 2019 (eq. 3); Wang et al., CosFace, CVPR 2018 (eq. 4); Kim et
al., AdaFace, CVPR 2022 (eq. 9–11); An et al., Partial FC, CVPR 2022 (sampled classes).
"""

import math
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

COSINE_GAP = 1e-5  # a target cosine stays this far from ±1, where the sine's gradient is infinite
SHORTEST = 1e-6  # a length below this is divided by this, so that a zero vector stays finite
CENTRE_SPREAD = 0.01  # standard deviation of fresh class centres, as published

Kind = Literal["arcface", "cosface", "adaface"]
MARGINS: dict[Kind, float] = {"arcface": 0.5, "cosface": 0.35, "adaface": 0.4}
"""The published margins: radians, cosine, and both."""

STEEPNESS = 0.333  # h of AdaFace: a length one spread above the mean moves the margin by a third
FOLLOW = 0.01  # share of a batch in AdaFace's running mean and spread of lengths
START_MEAN, START_SPREAD = 20.0, 100.0  # of those lengths before the first batch, as published
LENGTHS = (1e-3, 100.0)  # shortest and longest embedding that AdaFace's statistics believe
SPREAD_GAP = 1e-3  # added to the spread, so that equal lengths do not divide by 0


def arcface(cosines: Tensor, labels: Tensor, *, scale: float, margin: float) -> Tensor:
    """s·cos(θ + m) for the own class, s·cos θ for the others.

    Beyond θ = π − m, where cos(θ + m) would rise again, the own class gets cos θ − m·sin m, which
    keeps falling.

    Args:
        cosines: (N, K), −1…1, float32 or wider. Not modified.
        labels: int64 (N,).
        margin: Radians.

    Returns:
        Logits (N, K).
    """
    own = _own(cosines, labels)
    sine = torch.sqrt(1.0 - own * own)
    beyond = own <= -math.cos(margin)
    moved = torch.where(
        beyond,
        own - margin * math.sin(margin),
        own * math.cos(margin) - sine * math.sin(margin),
    )
    return _with_own(cosines, labels, moved) * scale


def cosface(cosines: Tensor, labels: Tensor, *, scale: float, margin: float) -> Tensor:
    """s·(cos θ − m) for the own class, s·cos θ for the others.

    Args:
        cosines: (N, K), −1…1. Not modified.
        labels: int64 (N,).
        margin: A cosine.

    Returns:
        Logits (N, K).
    """
    own = cosines.gather(1, labels[:, None])[:, 0]
    return _with_own(cosines, labels, own - margin) * scale


def adaface(
    cosines: Tensor, labels: Tensor, quality: Tensor, *, scale: float, margin: float
) -> Tensor:
    """s·[cos(θ − m·z) − (m + m·z)] for the own class, s·cos θ for the others.

    Args:
        cosines: (N, K), −1…1, float32 or wider. Not modified.
        labels: int64 (N,).
        quality: z of `length_quality`, (N,), −1…1, without gradient.
        margin: m, both radians and a cosine.

    Returns:
        Logits (N, K).
    """
    angle = torch.acos(_own(cosines, labels)) - margin * quality
    moved = torch.cos(angle.clamp(0.0, math.pi)) - margin * (1.0 + quality)
    return _with_own(cosines, labels, moved) * scale


def length_quality(lengths: Tensor, mean: Tensor, spread: Tensor) -> Tensor:
    """AdaFace's z: how long an embedding is among the embeddings of late, −1…1.

    Args:
        lengths: (N,), of embeddings before they are normalised. Not modified.
        mean: Of the lengths of late.
        spread: Their standard deviation.

    Returns:
        (N,), without gradient: length stands for a picture's quality, and nobody shall be able to
        lower the loss by changing it.
    """
    z = (lengths.detach().clamp(*LENGTHS) - mean) / (spread + SPREAD_GAP)
    return (STEEPNESS * z).clamp(-1.0, 1.0)


class MarginResult(NamedTuple):
    """What a head says about a batch.

    Attributes:
        loss: Mean cross-entropy, a scalar with gradient.
        accuracy: Share whose nearest centre (of those drawn, without margin) is their own.
    """

    loss: Tensor
    accuracy: Tensor


class MarginHead(nn.Module):
    """Class centres and the loss of embeddings against them, in float32 whatever runs around it.

    Args:
        classes: People.
        embedding: Numbers in an embedding.
        scale: s.
        margin: m; None takes the published one.
        sampled: Share of the centres that one step compares with: the batch's own and others
            drawn from torch's generator. 1 is the full softmax. Those not drawn get no gradient,
            but the optimiser's momentum and decay still move them.
    """

    length_mean: Tensor
    length_spread: Tensor

    def __init__(
        self,
        classes: int,
        embedding: int,
        kind: Kind = "arcface",
        *,
        scale: float = 64.0,
        margin: float | None = None,
        sampled: float = 1.0,
    ) -> None:
        super().__init__()
        self.kind = kind
        self.scale = scale
        self.margin = MARGINS[kind] if margin is None else margin
        self.sampled = sampled
        self.centres = nn.Parameter(torch.randn(classes, embedding) * CENTRE_SPREAD)
        self.register_buffer("length_mean", torch.tensor(START_MEAN))
        self.register_buffer("length_spread", torch.tensor(START_SPREAD))

    def forward(self, embeddings: Tensor, labels: Tensor) -> MarginResult:
        """Loss of a batch.

        Args:
            embeddings: (N, d), of any length. Not modified.
            labels: int64 (N,), 0…classes − 1.
        """
        with torch.autocast(embeddings.device.type, enabled=False):
            vectors = embeddings.to(self.centres.dtype)
            rows = self._drawn(labels)
            centres = self.centres if rows is None else self.centres[rows]
            if rows is not None:
                labels = torch.searchsorted(rows, labels)
            unit = functional.normalize(vectors, dim=1, eps=SHORTEST)
            cosines = unit @ functional.normalize(centres, dim=1, eps=SHORTEST).T
            loss = functional.cross_entropy(self._logits(cosines, labels, vectors), labels)
        hits = cosines.detach().argmax(dim=1) == labels
        return MarginResult(loss, hits.to(cosines.dtype).mean())

    def _logits(self, cosines: Tensor, labels: Tensor, vectors: Tensor) -> Tensor:
        match self.kind:
            case "arcface":
                return arcface(cosines, labels, scale=self.scale, margin=self.margin)
            case "cosface":
                return cosface(cosines, labels, scale=self.scale, margin=self.margin)
            case "adaface":
                lengths = vectors.detach().norm(dim=1)
                if self.training:
                    self._follow(lengths.clamp(*LENGTHS))
                quality = length_quality(lengths, self.length_mean, self.length_spread)
                return adaface(cosines, labels, quality, scale=self.scale, margin=self.margin)

    def _follow(self, lengths: Tensor) -> None:
        with torch.no_grad():
            self.length_mean.lerp_(lengths.mean(), FOLLOW)
            self.length_spread.lerp_(lengths.std(), FOLLOW)

    def _drawn(self, labels: Tensor) -> Tensor | None:
        """Sorted numbers of the centres of this step, or None for all."""
        classes = len(self.centres)
        count = math.ceil(self.sampled * classes)
        if count >= classes:
            return None
        chance = torch.rand(classes, device=labels.device)
        chance[labels] = 2.0  # above every draw, so that own classes are always in
        own = int((chance > 1.0).sum())
        return chance.topk(max(count, own)).indices.sort().values


def _own(cosines: Tensor, labels: Tensor) -> Tensor:
    """Cosines to the own class, kept off ±1."""
    own = cosines.gather(1, labels[:, None])[:, 0]
    return own.clamp(-1.0 + COSINE_GAP, 1.0 - COSINE_GAP)


def _with_own(cosines: Tensor, labels: Tensor, moved: Tensor) -> Tensor:
    return cosines.scatter(1, labels[:, None], moved[:, None])
