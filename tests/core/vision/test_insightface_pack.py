import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from core.domain.frame import Frame
from core.errors import (
    ExtraMissingError,
    ModelContractError,
    ModelDigestError,
    PackUnreadableError,
    PocketfaceError,
    UsageError,
)
from core.vision.align import align
from core.vision.insightface_pack import (
    USUAL_TERMS,
    is_insightface,
    licence_of,
    open_insightface,
    read_insightface,
)
from core.vision.pack_install import add_files
from tests.core.vision.tiny_models import tiny_embedder
from tests.core.vision.tiny_scrfd import SIDE_PX, tiny_scrfd

TERMS = "For research only.\n"


@pytest.fixture
def extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is there, as far as Python can tell."""
    package = tmp_path / "site" / "insightface"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(package.parent)


@pytest.fixture
def shaped(tmp_path: Path) -> Path:
    """A pack of the first kind: four files, known by their shapes."""
    folder = tmp_path / "buffalo_t"
    folder.mkdir()
    (folder / "1k3d68.onnx").write_bytes(tiny_embedder(size=192, dim=9))
    (folder / "genderage.onnx").write_bytes(tiny_embedder(size=96, dim=3))
    (folder / "det_t.onnx").write_bytes(tiny_scrfd())
    (folder / "w600k_t.onnx").write_bytes(tiny_embedder(batch="n", dim=32))
    return folder


@pytest.fixture
def listed(tmp_path: Path) -> Callable[..., Path]:
    """A pack of the second kind; keywords change its manifest."""

    def make(**changes: object) -> Path:
        folder = tmp_path / "raccoon_t"
        folder.mkdir(exist_ok=True)
        detector, recogniser = tiny_scrfd(), tiny_embedder()
        (folder / "a.onnx").write_bytes(detector)
        (folder / "b.onnx").write_bytes(recogniser)
        (folder / "MODEL.LICENSE").write_text(TERMS)
        manifest = {
            "manifest_version": 2,
            "model_id": "raccoon_t",
            "something_new": {"deep": [1, 2]},
            "tasks": {
                "detection": {"file": "a.onnx", "sha256": hashlib.sha256(detector).hexdigest()},
                "recognition": {
                    "file": "b.onnx",
                    "sha256": hashlib.sha256(recogniser).hexdigest(),
                    "input_size": [112, 112],
                    "preprocessing": {"mean": 127.5, "std": 128.0, "note": "x"},
                },
                "liveness": {"another": "shape"},
            },
        }
        manifest["tasks"].update(changes)
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return folder

    return make


def embed_first_face(folder: Path) -> np.ndarray:
    models = open_insightface(folder, licence_of(folder))
    noise = np.random.default_rng(0).integers(0, 256, (SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    frame = Frame(noise)
    (face,) = models.detector.detect(frame)
    embedding = models.embedder.embed(align(frame, face))
    assert embedding is not None
    return embedding.vector


def test_without_the_extra_one_sentence_says_which(
    shaped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "insightface", None)

    with pytest.raises(ExtraMissingError) as caught:
        licence_of(shaped)

    assert "pocketface[insightface]" in caught.value.sentence


@pytest.mark.usefixtures("extra")
def test_a_pack_without_a_manifest_is_sorted_out_by_shapes(shaped: Path) -> None:
    assert embed_first_face(shaped).shape == (32,)


@pytest.mark.usefixtures("extra")
def test_a_pack_with_a_manifest_is_loaded_as_it_says(listed: Callable[..., Path]) -> None:
    folder = listed()

    models = open_insightface(folder, licence_of(folder))

    assert embed_first_face(folder).shape == (32,)
    assert models.embedder.pack.card.input.std == (128.0,) * 3
    assert models.embedder.pack.card.non_commercial


@pytest.mark.usefixtures("extra")
def test_a_graph_that_normalises_by_itself_is_fed_raw_pixels(shaped: Path) -> None:
    model = onnx.load_from_string(tiny_embedder())
    graph = model.graph
    for node in graph.node:
        node.input[:] = ["scaled" if name == "picture" else name for name in node.input]
    graph.node.insert(0, helper.make_node("Mul", ["shifted", "factor"], ["scaled"]))
    graph.node.insert(0, helper.make_node("Sub", ["picture", "middle"], ["shifted"]))
    graph.initializer.append(helper.make_tensor("middle", TensorProto.FLOAT, [], [127.5]))
    graph.initializer.append(helper.make_tensor("factor", TensorProto.FLOAT, [], [1 / 127.5]))
    expected = embed_first_face(shaped)

    (shaped / "w600k_t.onnx").write_bytes(model.SerializeToString())

    np.testing.assert_allclose(embed_first_face(shaped), expected, atol=1e-4)


@pytest.mark.usefixtures("extra")
def test_preprocessing_within_the_graph_is_honoured(listed: Callable[..., Path]) -> None:
    folder = listed(recognition={"file": "b.onnx", "preprocessing": "embedded"})

    spec = open_insightface(folder, TERMS).embedder.pack.card.input

    assert (spec.mean, spec.std) == ((0.0,) * 3, (1.0,) * 3)


@pytest.mark.usefixtures("extra")
def test_the_licence_is_there_before_anything_is_loaded(
    shaped: Path, listed: Callable[..., Path]
) -> None:
    assert licence_of(listed()) == TERMS
    assert licence_of(shaped) == USUAL_TERMS
    for answer in ("", "yes", USUAL_TERMS):
        with pytest.raises(UsageError):
            open_insightface(listed(), answer)


@pytest.mark.usefixtures("extra")
@pytest.mark.parametrize(
    ("task", "error"),
    [
        ({"file": "b.onnx", "sha256": "0" * 64}, ModelDigestError),
        ({"file": "../b.onnx"}, PackUnreadableError),
        ({"file": "absent.onnx"}, PackUnreadableError),
        ({"file": 3}, PackUnreadableError),
        ({"file": "b.onnx", "preprocessing": "of another kind"}, ModelContractError),
        ({"file": "b.onnx", "preprocessing": {"mean": 0, "std": 0}}, ModelContractError),
        ({"file": "a.onnx"}, ModelContractError),
    ],
)
def test_a_manifest_that_misleads_is_refused(
    listed: Callable[..., Path], task: dict[str, object], error: type[PocketfaceError]
) -> None:
    folder = listed(recognition=task)

    with pytest.raises(error):
        open_insightface(folder, TERMS)


@pytest.mark.usefixtures("extra")
@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"manifest_version": 2}', '{"tasks": ' + "[" * 3000]
)
def test_a_manifest_that_is_none_is_refused(shaped: Path, text: str) -> None:
    (shaped / "manifest.json").write_text(text)

    with pytest.raises((PackUnreadableError, ModelContractError)):
        open_insightface(shaped, licence_of(shaped))


@pytest.mark.usefixtures("extra")
def test_a_manifest_of_another_version_is_passed_over(shaped: Path) -> None:
    (shaped / "manifest.json").write_text('{"manifest_version": 1, "tasks": {}}')

    assert embed_first_face(shaped).shape == (32,)


@pytest.mark.usefixtures("extra")
@pytest.mark.parametrize(("absent", "word"), [("det_t", "detector"), ("w600k_t", "recogniser")])
def test_a_pack_that_lacks_a_model_is_told_which(shaped: Path, absent: str, word: str) -> None:
    (shaped / f"{absent}.onnx").unlink()

    with pytest.raises(ModelContractError) as caught:
        open_insightface(shaped, USUAL_TERMS)

    assert word in caught.value.sentence


@pytest.mark.usefixtures("extra")
def test_a_folder_that_is_none_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(PackUnreadableError):
        licence_of(tmp_path / "absent")


@pytest.mark.usefixtures("extra")
@pytest.mark.parametrize("kind", ["shaped", "listed"])
def test_its_recogniser_becomes_a_pack_of_the_user_with_its_terms(
    kind: str, shaped: Path, listed: Callable[..., Path], tmp_path: Path
) -> None:
    folder = shaped if kind == "shaped" else listed()
    expected = embed_first_face(folder)

    files = read_insightface(folder, licence_of(folder))
    assert files.card is not None
    pack = add_files(files, files.card, tmp_path / "models").pack

    assert pack.name == folder.name
    assert pack.card.non_commercial
    assert pack.card.input.colour == "rgb"
    assert pack.card.embedding_size == expected.size
    assert pack.read_text("LICENSE") == licence_of(folder)
    file = "w600k_t.onnx" if kind == "shaped" else "b.onnx"
    assert pack.read_model() == (folder / file).read_bytes()


@pytest.mark.usefixtures("extra")
def test_nothing_is_read_for_installing_without_agreement(shaped: Path) -> None:
    with pytest.raises(UsageError):
        read_insightface(shaped, "yes")


def test_packs_are_told_from_folders_of_other_kinds(
    shaped: Path, listed: Callable[..., Path], tmp_path: Path
) -> None:
    assert is_insightface(shaped)
    assert is_insightface(listed())
    assert not is_insightface(shaped / "det_t.onnx")
    assert not is_insightface(tmp_path)
    (shaped / "card.toml").touch()
    assert not is_insightface(shaped)
