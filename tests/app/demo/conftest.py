"""A stage whose recogniser is told who stands before the camera."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from core.domain.face import AlignedFace
from core.domain.model_card import InputSpec, ModelCard
from core.domain.operating_point import OperatingPoint
from core.domain.template import Embedding, ModelId
from core.settings import Settings, locate_folders
from core.vision.detect import open_detector
from core.vision.packs import ModelPack
from core.wiring import OpenGallery, Services, Vision
from tests.fakes.gallery import MemoryGallery
from tests.fakes.keys import MemoryKeys
from tests.fakes.ledger import MemoryLedger

POINT = OperatingPoint(
    target_fmr=1e-3,
    threshold=0.5,
    false_matches=100,
    non_mated=100_000,
    fmr_low=8e-4,
    fmr_high=1.2e-3,
    false_non_matches=30,
    mated=1000,
    measured_on="nothing, for tests",
)


class ToldEmbedder:
    """Gives one vector for each person; a test says who is there."""

    model = ModelId("told")

    def __init__(self) -> None:
        self.there = "Bruno"
        self._people: list[str] = []

    def embed(self, face: AlignedFace) -> Embedding:
        if self.there not in self._people:
            self._people.append(self.there)
        vector = np.zeros(8, np.float32)
        vector[self._people.index(self.there)] = 1
        return Embedding(vector, self.model)


@pytest.fixture
def embedder() -> ToldEmbedder:
    return ToldEmbedder()


@pytest.fixture
def services(embedder: ToldEmbedder, tmp_path: Path) -> Services:
    if importlib.util.find_spec("openpeople") is None:
        pytest.skip("the extra [demo] with pictures of synthetic people is not installed")
    card = ModelCard(
        name="told",
        role="embedder",
        sha256="0" * 64,
        licence="none",
        origin="a test",
        input=InputSpec(width=112, height=112, colour="rgb", mean=(0,) * 3, std=(1,) * 3),
        embedding_size=8,
        operating_points=(POINT,),
    )
    vision = Vision(ModelPack(card, tmp_path, built_in=True), open_detector(), embedder, POINT)
    store = OpenGallery(MemoryGallery(), MemoryLedger(), MemoryKeys())
    return Services(Settings(), locate_folders(tmp_path), vision, store)
