"""InsightFace packs: a detector and a recogniser in one folder, under terms of their own.

Packs of the first kind name no roles: each ONNX file is known by the shape of its tensors. Those
of the second kind have a manifest.json.
"""

import hashlib
import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.domain.face import CROP_PX
from core.domain.model_card import InputSpec, ModelCard
from core.errors import (
    ExtraMissingError,
    ModelContractError,
    ModelDigestError,
    PackUnreadableError,
    UsageError,
)
from core.vision.embed import IMAGE_RANK, OnnxEmbedder
from core.vision.onnx_model import Session, open_session
from core.vision.pack_source import PackFiles
from core.vision.packs import CARD_FILE, MAX_MODEL_BYTES, MAX_TEXT_BYTES, ModelPack, read_bounded
from core.vision.probe import probe
from core.vision.scrfd import PixelScale, ScrfdDetector
from core.wire_format import fields

EXTRA = "insightface"
MANIFEST = "manifest.json"
MANIFEST_VERSION = 2
LICENCE_FILES = ("MODEL.LICENSE", "LICENSE", "LICENSE.txt")
USUAL_TERMS = (
    "InsightFace publishes its pretrained models for non-commercial research only. This pack "
    "brings no licence text of its own; ask its publisher before any other use."
)

DETECTOR_OUTPUTS = 5  # as many or more: SCRFD
NO_RECOGNISER_PX = (96, 192)  # attributes and dense landmarks are square as well
RECOGNISER_STEP_PX = 16
DETECTOR_SCALE = PixelScale(mean=127.5, std=128.0)
RECOGNISER_SCALE = PixelScale(mean=127.5, std=127.5)
RAW_SCALE = PixelScale(mean=0.0, std=1.0)  # where the graph normalises by itself
FIRST_NODES = 8  # a graph that normalises does so before this

# Field numbers in onnx.proto.
MODEL_GRAPH, GRAPH_NODE, NODE_OPERATION = 7, 1, 4


@dataclass(frozen=True, slots=True, eq=False)
class InsightFaceModels:
    """The two models of a pack, loaded.

    Attributes:
        weights: The file of the recogniser.
    """

    detector: ScrfdDetector
    embedder: OnnxEmbedder
    weights: bytes


class _Scaling(msgspec.Struct):
    mean: float
    std: float


class _Task(msgspec.Struct):
    file: str
    sha256: str | None = None
    preprocessing: _Scaling | str | None = None


class _Manifest(msgspec.Struct):
    tasks: dict[str, msgspec.Raw] = {}
    manifest_version: int = 0
    license: str = LICENCE_FILES[0]


@dataclass(frozen=True, slots=True, eq=False)
class _Loaded:
    data: bytes
    session: Session
    scale: PixelScale


def licence_of(folder: Path) -> str:
    """The terms of a pack, to be shown before `open_insightface`. Foreign text: escape it.

    Raises:
        ExtraMissingError: The extra is not installed.
        PackUnreadableError: No such folder, or a licence that cannot be read.
    """
    _require_extra()
    if not folder.is_dir():
        raise PackUnreadableError(path=folder, reason="there is no such folder")
    manifest = _read_manifest(folder)
    names = (manifest.license,) if manifest is not None else LICENCE_FILES
    for name in names:
        if (folder / name).is_file():
            data = read_bounded(_inside(folder, name), MAX_TEXT_BYTES)
            return data.decode("utf-8", errors="replace")
    return USUAL_TERMS


def open_insightface(folder: Path, accepted_licence: str, threads: int = 1) -> InsightFaceModels:
    """Load the detector and the recogniser of a pack.

    Args:
        accepted_licence: What `licence_of` returned and a person has agreed to.

    Raises:
        ExtraMissingError: The extra is not installed.
        UsageError: Another text was agreed to.
        PackUnreadableError: The folder or its manifest cannot be read.
        ModelDigestError: A file is not the one the manifest names.
        ModelContractError: A model is missing or cannot be used.
    """
    if accepted_licence != licence_of(folder):
        raise UsageError(reason="The licence of the model pack has to be read and agreed to first")
    manifest = _read_manifest(folder)
    if manifest is None:
        detector, recogniser = _find_by_shape(folder, threads)
    else:
        detector = _load_task(folder, manifest, "detection", DETECTOR_SCALE, threads)
        recogniser = _load_task(folder, manifest, "recognition", RECOGNISER_SCALE, threads)
    return InsightFaceModels(
        detector=ScrfdDetector(detector.session, detector.scale),
        embedder=_as_embedder(folder, recogniser),
        weights=recogniser.data,
    )


def is_insightface(source: Path) -> bool:
    """Whether it is a folder with models but without one of our cards."""
    if not source.is_dir() or (source / CARD_FILE).is_file():
        return False
    return (source / MANIFEST).is_file() or len(list(source.glob("*.onnx"))) > 1


def read_insightface(folder: Path, accepted_licence: str, threads: int = 1) -> PackFiles:
    """The recogniser of a pack, as files to install; its terms become the pack's LICENSE.

    The whole pack is loaded, so that a damaged one is refused; but faces are found by the
    program's own detector, which the thresholds of every model are measured with.

    Raises:
        PocketfaceError: As of `open_insightface`.
    """
    models = open_insightface(folder, accepted_licence, threads)
    terms = {"LICENSE": accepted_licence.encode()}
    return PackFiles(model=models.weights, card=models.embedder.pack.card, texts=terms)


def _require_extra() -> None:
    if importlib.util.find_spec(EXTRA) is None:
        raise ExtraMissingError(feature="Loading InsightFace packs", extra=EXTRA)


def _read_manifest(folder: Path) -> _Manifest | None:
    file = folder / MANIFEST
    if not file.is_file():
        return None
    try:
        manifest = msgspec.json.decode(read_bounded(file, MAX_TEXT_BYTES), type=_Manifest)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise PackUnreadableError(path=file, reason=str(error)) from error
    # Other versions are notes of older packs, which insightface passes over as well.
    return manifest if manifest.manifest_version == MANIFEST_VERSION else None


def _load_task(
    folder: Path, manifest: _Manifest, name: str, usual: PixelScale, threads: int
) -> _Loaded:
    if name not in manifest.tasks:
        raise ModelContractError(name=folder.name, reason=f"its manifest has no task '{name}'")
    try:
        task = msgspec.json.decode(manifest.tasks[name], type=_Task)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise PackUnreadableError(path=folder / MANIFEST, reason=str(error)) from error
    data = read_bounded(_inside(folder, task.file), MAX_MODEL_BYTES)
    if task.sha256 is not None and hashlib.sha256(data).hexdigest() != task.sha256.lower():
        raise ModelDigestError(name=folder.name)
    return _Loaded(data, open_session(data, folder.name, threads), _scale_of(folder, task, usual))


def _scale_of(folder: Path, task: _Task, usual: PixelScale) -> PixelScale:
    if task.preprocessing is None:
        return usual
    if task.preprocessing == "embedded":
        return RAW_SCALE
    if isinstance(task.preprocessing, str) or task.preprocessing.std <= 0:
        raise ModelContractError(name=folder.name, reason="its preprocessing is not known")
    return PixelScale(task.preprocessing.mean, task.preprocessing.std)


def _find_by_shape(folder: Path, threads: int) -> tuple[_Loaded, _Loaded]:
    detector = recogniser = None
    for file in sorted(folder.glob("*.onnx")):
        data = read_bounded(file, MAX_MODEL_BYTES)
        session = open_session(data, folder.name, threads)
        if len(session.outputs) >= DETECTOR_OUTPUTS:
            detector = detector or _Loaded(data, session, DETECTOR_SCALE)
        elif _takes_aligned_faces(session):
            scale = RAW_SCALE if _normalises_itself(data) else RECOGNISER_SCALE
            recogniser = recogniser or _Loaded(data, session, scale)
    if detector is None or recogniser is None:
        missing = "detector" if detector is None else "recogniser"
        raise ModelContractError(name=folder.name, reason=f"there is no {missing} in it")
    return detector, recogniser


def _takes_aligned_faces(session: Session) -> bool:
    shape = session.input.shape
    if len(shape) != IMAGE_RANK or len(session.outputs) != 1:
        return False
    height, width = shape[2] or CROP_PX, shape[3] or CROP_PX
    fits = height == width >= CROP_PX and height % RECOGNISER_STEP_PX == 0
    return fits and height not in NO_RECOGNISER_PX


def _normalises_itself(model: bytes) -> bool:
    """Whether the graph begins by subtracting and multiplying, as conversions from MXNet do."""
    operations: list[bytes] = []
    for part in fields(memoryview(model)):
        if part.number == MODEL_GRAPH:
            nodes = [node.body for node in fields(part.body) if node.number == GRAPH_NODE]
            for node in nodes[:FIRST_NODES]:
                operations += [
                    bytes(field.body) for field in fields(node) if field.number == NODE_OPERATION
                ]
    return b"Sub" in operations and b"Mul" in operations


def _as_embedder(folder: Path, loaded: _Loaded) -> OnnxEmbedder:
    shape = loaded.session.input.shape
    spec = InputSpec(
        width=shape[3] or CROP_PX,
        height=shape[2] or CROP_PX,
        colour="rgb",
        mean=(loaded.scale.mean,) * 3,
        std=(loaded.scale.std,) * 3,
    )
    card = ModelCard(
        name=re.sub(r"[^a-z0-9._-]", "-", folder.name.lower()).lstrip("._-")[:64] or EXTRA,
        role="embedder",
        sha256=hashlib.sha256(loaded.data).hexdigest(),
        licence="the terms in its LICENSE file",
        non_commercial=True,
        origin=f"InsightFace pack {folder.name}",
        input=spec,
        embedding_size=probe(loaded.session, spec).embedding_size,
    )
    return OnnxEmbedder(ModelPack(card=card, folder=folder, built_in=False), loaded.session)


def _inside(folder: Path, name: str) -> Path:
    file = folder / name
    if not file.resolve().is_relative_to(folder.resolve()):
        raise PackUnreadableError(path=folder, reason="it points at a file outside of itself")
    return file
