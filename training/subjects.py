"""Whatever embeds faces, opened for measuring: a checkpoint, a pack, or an ONNX file.

A checkpoint is measured through its exported graph, so that what is measured is what is shipped.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.domain.model_card import InputSpec
from core.errors import ModelContractError, UsageError
from core.vision.embed import check_shapes
from core.vision.onnx_model import Session, open_session
from core.vision.packs import CARD_FILE, MAX_MODEL_BYTES, read_bounded, read_pack
from core.vision.tensors import to_blob
from training.checkpoint import KEPT, is_checkpoint
from training.nets.onnx_teacher import SFACE_INPUT, fast_form
from training.nets.table import Backbone
from training.nets.to_onnx import to_onnx
from training.saved_net import saved_net

SFACE_SHA256 = "0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79"
CHANNEL = 127.5  # both the mean that is taken off and the scale that is divided by
EMBED_BATCH = 2  # pictures a run; larger ones leave the cache and are slower on a CPU


@dataclass(frozen=True, slots=True)
class Network:
    """An embedding network ready to run.

    Attributes:
        model: The ONNX bytes that run.
        spec: How they are fed.
    """

    name: str
    model: bytes
    spec: InputSpec
    session: Session

    def raw(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What the network answers, float32 (N, d), to uint8 crops (N, 112, 112, 3), BGR."""
        return self.session.run(to_blob(crops, self.spec))[0].reshape(len(crops), -1)

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The same as unit vectors."""
        raw = self.raw(crops)
        return np.asarray(raw / np.linalg.norm(raw, axis=1, keepdims=True), dtype=np.float32)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of one picture, with the batch first."""
        height, width = self.spec.height, self.spec.width
        return (1, 3, height, width) if self.spec.layout == "nchw" else (1, height, width, 3)


def open_network(path: Path, spec: InputSpec | None = None, threads: int = 1) -> Network:
    """A run folder, one kept checkpoint, a pack's folder, or an ONNX file.

    Args:
        spec: How an ONNX file without a card is fed; not needed for SFace's published file.

    Raises:
        PocketfaceError: None of these, or unusable.
    """
    if is_checkpoint(path):
        return network_of(saved_net(path)[0], subject_name(path), threads)
    if (path / CARD_FILE).is_file():
        pack = read_pack(path.resolve(), built_in=False)
        model = pack.read_model()
        return _checked(pack.name, model, pack.card.input, threads)
    if path.is_dir():
        raise ModelContractError(
            name=path.name, reason="the folder holds neither a checkpoint nor a pack"
        )
    data = read_bounded(path, MAX_MODEL_BYTES)
    name = path.stem
    if hashlib.sha256(data).hexdigest() == SFACE_SHA256:
        name, spec = "sface", SFACE_INPUT
    if spec is None:
        raise UsageError(reason=f"'{path.name}' has no card; say with --input how it is fed")
    return _checked(name, fast_form(data, path.name), spec, threads)


def _checked(name: str, model: bytes, spec: InputSpec, threads: int) -> Network:
    session = open_session(model, name, threads)
    check_shapes(session, spec, None)
    return Network(name, model, spec, session)


def subject_name(path: Path) -> str:
    """What a checkpoint is called in tables: its run, and which one where it is not the last."""
    folder = path.resolve()
    kept = folder.parent
    return f"{kept.parent.name}/{folder.name}" if kept.name == KEPT else folder.name


def network_of(net: Backbone, name: str, threads: int = 1) -> Network:
    """A network of this package through its exported graph."""
    model = to_onnx(net).SerializeToString()
    spec = square_input(net.input_side)
    return Network(name, model, spec, open_session(model, name, threads))


def square_input(side: int) -> InputSpec:
    """How every network of this package is fed: square RGB, (x − 127.5) / 127.5."""
    channels = (CHANNEL, CHANNEL, CHANNEL)
    return InputSpec(width=side, height=side, colour="rgb", mean=channels, std=channels)
