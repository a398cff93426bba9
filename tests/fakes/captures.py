"""Captures with made-up faces: seeded vectors and noise for pictures."""

import numpy as np

from core.domain.face import AlignedFace
from core.domain.quality import Component, Quality
from core.domain.template import Capture, Embedding, ModelId

MODEL = ModelId("model-a")
OTHER_MODEL = ModelId("model-b")


def make_capture(
    seed: int = 0, *, quality: int = 80, model: ModelId = MODEL, source: str = "picture"
) -> Capture:
    """The same capture for the same seed; other seeds give other people."""
    random = np.random.default_rng(seed)
    vector = random.normal(size=128)
    pixels = random.integers(0, 256, (112, 112, 3), dtype=np.uint8)
    return Capture(
        Embedding((vector / np.linalg.norm(vector)).astype(np.float32), model),
        AlignedFace(pixels, random.normal(size=(2, 3))),
        Quality(60, 200, 120, 50, 0, 0, 0, {Component.UNIFIED: quality}, frozenset()),
        source,
    )
