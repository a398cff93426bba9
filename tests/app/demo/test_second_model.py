import numpy as np
import pytest

from app.demo.second_model import NAME, make_second_model, reordered
from core.domain.face import AlignedFace
from core.settings import Settings
from core.vision.embed import open_embedder
from core.vision.packs import find_pack

pytestmark = pytest.mark.model


def face(seed: int) -> AlignedFace:
    pixels = np.random.default_rng(seed).integers(0, 256, (112, 112, 3), dtype=np.uint8)
    return AlignedFace(pixels, np.eye(2, 3))


def test_it_is_another_model_that_decides_the_same(tmp_path) -> None:
    first = find_pack(Settings().model, None)

    second = make_second_model(first, tmp_path / "models")

    assert (second.name, second.model_id != first.model_id) == (NAME, True)
    assert second.card.operating_points == first.card.operating_points
    ours, theirs = open_embedder(first), open_embedder(second)
    a, b = (ours.embed(face(seed)).vector for seed in (1, 2))
    c, d = (theirs.embed(face(seed)).vector for seed in (1, 2))
    assert np.array_equal(a[::-1], c)
    assert float(a @ b) == pytest.approx(float(c @ d), abs=1e-6)
    assert abs(float(a @ c)) < 0.9


def test_a_file_that_is_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="ONNX"):
        reordered(b"\xff" * 20, 128)
