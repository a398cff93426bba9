import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.domain.face import Box, Face
from core.domain.frame import Frame
from core.domain.model_card import InputSpec, ModelCard
from core.opencv import cv2
from core.vision.align import TEMPLATE
from core.vision.detect import YuNetDetector, open_detector
from core.vision.pack_install import add_pack
from core.vision.pack_source import BareFacts
from core.vision.packs import ModelPack
from tests.core.vision.tiny_models import tiny_embedder

IMAGENET_MEAN, IMAGENET_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


@pytest.fixture(scope="session")
def detector() -> YuNetDetector:
    return open_detector()


@pytest.fixture(scope="session")
def shared() -> Path:
    """A folder with models and data that do not belong to the repository."""
    folder = os.environ.get("POCKETFACE_SHARED")
    if not folder:
        pytest.skip("POCKETFACE_SHARED names no folder with models and data")
    return Path(folder)


@pytest.fixture(scope="session")
def person() -> Callable[..., Frame]:
    """Pictures of people who do not exist, at most `side` pixels long."""
    package = importlib.util.find_spec("openpeople")
    if package is None or package.origin is None:
        pytest.skip("the extra [demo] with pictures of synthetic people is not installed")
    folder = Path(package.origin).parent / "data" / "curated"
    cache: dict[tuple[str, str, int], Frame] = {}

    def read(name: str = "P001", kind: str = "studio_portrait", side: int = 640) -> Frame:
        key = name, kind, side
        if key not in cache:
            pixels = cv2.imread(str(folder / name / "assets" / f"{kind}.jpg"))
            scale = side / max(pixels.shape)
            cache[key] = Frame(
                cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            )
        return cache[key]

    return read


@pytest.fixture
def face_at() -> Callable[..., Face]:
    """A frontal face whose eyes are `eyes_px` apart, turned clockwise by `roll_deg`."""

    def make(
        x: float = 320,
        y: float = 240,
        eyes_px: float = 60,
        roll_deg: float = 0,
        score: float = 0.93,
    ) -> Face:
        scale = eyes_px / float(np.linalg.norm(TEMPLATE[1] - TEMPLATE[0]))
        angle = np.radians(roll_deg)
        rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        points = (TEMPLATE - TEMPLATE.mean(axis=0)) * scale @ rotation.T + (x, y)
        side = 2.1 * eyes_px
        return Face(
            box=Box(x - side / 2, y - side * 0.6, side, side * 1.2),
            landmarks=points.astype(np.float32),
            detector_score=score,
        )

    return make


@pytest.fixture
def card() -> Callable[..., ModelCard]:
    """A card with everything it needs; keywords replace fields."""

    def make(**fields: object) -> ModelCard:
        facts: dict[str, object] = {
            "name": "tiny",
            "role": "embedder",
            "sha256": "0" * 64,
            "licence": "CC0-1.0",
            "origin": "made by a test",
            "input": InputSpec(
                width=112, height=112, colour="rgb", mean=(127.5,) * 3, std=(127.5,) * 3
            ),
            "embedding_size": 32,
        }
        return ModelCard(**{**facts, **fields})

    return make


@pytest.fixture
def tiny_facts() -> BareFacts:
    return BareFacts(name="tiny", colour="rgb", mean=(127.5,) * 3, std=(127.5,) * 3)


@pytest.fixture
def tiny_pack(tmp_path: Path, tiny_facts: BareFacts) -> ModelPack:
    """An installed pack in tmp_path/models."""
    source = tmp_path / "tiny.onnx"
    source.write_bytes(tiny_embedder())
    return add_pack(source, tmp_path / "models", tiny_facts).pack


@pytest.fixture(scope="session")
def sface(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelPack:
    facts = BareFacts("sface", "rgb", (0.0,) * 3, (1.0,) * 3, "Apache-2.0")
    source = shared / "models" / "face_recognition_sface_2021dec.onnx"
    return add_pack(source, tmp_path_factory.mktemp("models"), facts).pack


@pytest.fixture(scope="session")
def mobilefacenet(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelPack:
    facts = BareFacts("mobilefacenet", "rgb", IMAGENET_MEAN, IMAGENET_STD, "Apache-2.0")
    source = shared / "models" / "mobilefacenet_foamliu.onnx"
    return add_pack(source, tmp_path_factory.mktemp("models"), facts).pack
