import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.domain.face import AlignedFace
from core.domain.frame import Frame
from core.domain.model_card import InputSpec, ModelCard
from core.errors import ModelContractError, ModelDigestError
from core.vision.align import align
from core.vision.detect import YuNetDetector
from core.vision.embed import open_embedder
from core.vision.packs import MODEL_FILE, ModelPack, find_pack
from core.vision.probe import built_in_faces
from tests.core.vision.tiny_models import Tail, tiny_embedder

GOLDEN = Path(__file__).parents[2] / "golden" / "embeddings.json"


def aligned(seed: int = 0) -> AlignedFace:
    pixels = np.random.default_rng(seed).integers(0, 256, (112, 112, 3), dtype=np.uint8)
    return AlignedFace(pixels, np.zeros((2, 3)))


def loose_pack(folder: Path, model: bytes, card: Callable[..., ModelCard], **fields: object):
    """A pack that was never tried, as a damaged installation may hold one."""
    (folder / MODEL_FILE).write_bytes(model)
    digest = hashlib.sha256(model).hexdigest()
    return ModelPack(card=card(sha256=digest, **fields), folder=folder, built_in=False)


def test_a_vector_has_unit_length_and_names_its_model(tiny_pack: ModelPack) -> None:
    embedding = open_embedder(tiny_pack).embed(aligned())

    assert embedding is not None
    assert embedding.vector.shape == (32,)
    assert np.linalg.norm(embedding.vector) == pytest.approx(1, abs=1e-6)
    assert embedding.model == tiny_pack.model_id


def test_the_same_face_gives_the_same_vector_and_another_one_does_not(
    tiny_pack: ModelPack,
) -> None:
    embedder = open_embedder(tiny_pack)

    one, again, other = (embedder.embed(aligned(seed)).vector for seed in (1, 1, 2))

    np.testing.assert_array_equal(one, again)
    assert one @ other < 0.999


@pytest.mark.parametrize("tail", ["nan", "zero"])
def test_an_output_without_direction_is_no_vector(
    tmp_path: Path, card: Callable[..., ModelCard], tail: Tail
) -> None:
    pack = loose_pack(tmp_path, tiny_embedder(tail=tail), card)

    assert open_embedder(pack).embed(aligned()) is None


@pytest.mark.parametrize(
    ("model", "fields", "words"),
    [
        pytest.param({"dim": 64}, {}, "64 numbers", id="vector size"),
        pytest.param({"size": 56}, {}, "3×56×56", id="picture size"),
        pytest.param({"layout": "nhwc"}, {}, "112×112×3", id="layout"),
        pytest.param({"batch": 8}, {}, "8 pictures at a time", id="fixed batch"),
        pytest.param({"tail": "two outputs"}, {}, "2 outputs", id="outputs"),
        pytest.param({}, {"role": "detector"}, "finds faces", id="role"),
    ],
)
def test_a_graph_that_contradicts_its_card_is_refused_by_name(
    tmp_path: Path,
    card: Callable[..., ModelCard],
    model: dict[str, object],
    fields: dict[str, object],
    words: str,
) -> None:
    pack = loose_pack(tmp_path, tiny_embedder(**model), card, **fields)

    with pytest.raises(ModelContractError) as caught:
        open_embedder(pack)

    assert words in caught.value.sentence


@pytest.mark.parametrize(
    "options",
    [{"batch": "n"}, {"size": "side"}, {"layout": "nhwc"}, {"kind": 10}],
    ids=["open batch", "open size", "channels last", "half precision"],
)
def test_what_a_graph_leaves_open_or_does_otherwise_is_honoured(
    tmp_path: Path, card: Callable[..., ModelCard], options: dict[str, object]
) -> None:
    spec = InputSpec(
        width=112,
        height=112,
        colour="rgb",
        mean=(127.5,) * 3,
        std=(127.5,) * 3,
        layout=options.get("layout", "nchw"),
    )
    usual = loose_pack(tmp_path, tiny_embedder(), card)
    expected = open_embedder(usual).embed(aligned()).vector

    other = loose_pack(tmp_path, tiny_embedder(**options), card, input=spec)

    assert open_embedder(other).embed(aligned()).vector @ expected > 0.999


def test_weights_changed_on_disk_are_not_loaded(tiny_pack: ModelPack) -> None:
    file = tiny_pack.folder / MODEL_FILE
    data = bytearray(file.read_bytes())
    data[-1] ^= 0x10
    file.write_bytes(data)

    with pytest.raises(ModelDigestError):
        open_embedder(tiny_pack)


def test_the_built_in_detector_is_no_recogniser() -> None:
    with pytest.raises(ModelContractError):
        open_embedder(find_pack("yunet", None))


@pytest.mark.model
@pytest.mark.parametrize("which", ["sface", "mobilefacenet"])
def test_public_recognisers_tell_synthetic_people_apart(
    detector: YuNetDetector,
    person: Callable[..., Frame],
    request: pytest.FixtureRequest,
    which: str,
) -> None:
    embedder = open_embedder(request.getfixturevalue(which))

    def vector(name: str, kind: str) -> np.ndarray:
        frame = person(name, kind, 640)
        return embedder.embed(align(frame, detector.detect(frame)[0])).vector

    names = ("P001", "P005", "P006", "P008")
    portraits = np.stack([vector(name, "studio_portrait") for name in names])
    selfies = np.stack([vector(name, "amateur_selfie") for name in names])
    scores = portraits @ selfies.T

    assert np.diag(scores).min() > scores[~np.eye(len(names), dtype=bool)].max() + 0.1


@pytest.mark.model
@pytest.mark.parametrize("which", ["sface", "mobilefacenet"])
def test_stored_vectors_are_reproduced(request: pytest.FixtureRequest, which: str) -> None:
    expected = np.array(json.loads(GOLDEN.read_text())[which])
    face = AlignedFace(built_in_faces()[0].copy(), np.zeros((2, 3)))

    embedding = open_embedder(request.getfixturevalue(which)).embed(face)

    assert embedding is not None
    # WebP decoders may differ by a grey level here and there.
    assert embedding.vector @ expected > 0.9999
