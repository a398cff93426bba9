"""A detector and an embedder without models."""

from collections.abc import Callable, Sequence

import numpy as np

from core.domain.face import AlignedFace, Face
from core.domain.frame import Frame
from core.domain.template import Embedding, ModelId
from tests.fakes.analyses import MODEL, unit


class ScriptedDetector:
    """Finds the given faces: the n-th list in the n-th frame, the last one from then on."""

    def __init__(self, *frames: Sequence[Face]) -> None:
        self._frames = list(frames)
        self._next = 0

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        faces = self._frames[min(self._next, len(self._frames) - 1)]
        self._next += 1
        return tuple(sorted(faces, key=lambda face: -face.box.area))


class ColourEmbedder:
    """Embeds a crop as its mean colour, so that differently painted faces differ."""

    model: ModelId = MODEL

    def __init__(self, spoil: Callable[[AlignedFace], bool] = lambda _: False) -> None:
        self._spoil = spoil
        self.embedded = 0

    def embed(self, face: AlignedFace) -> Embedding | None:
        self.embedded += 1
        if self._spoil(face):
            return None
        mean = face.pixels.reshape(-1, 3).mean(axis=0).astype(np.float32) + 1e-3
        return Embedding(unit(*mean), self.model)
