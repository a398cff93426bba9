"""Whatever embeds faces, opened for measuring: a run folder, a pack, or SFace's ONNX file.

A checkpoint is measured through its exported graph, so that what is measured is what is shipped.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.domain.model_card import InputSpec
from core.errors import ModelContractError
from core.vision.onnx_model import Session, open_session
from core.vision.packs import CARD_FILE, MAX_MODEL_BYTES, read_bounded, read_pack
from core.vision.tensors import to_blob
from training.checkpoint import LAST, PREVIOUS, Progress, load_checkpoint, part_of
from training.nets.onnx_teacher import SFACE_INPUT, fast_form
from training.nets.pocketnet import PocketNet, named_pocketnet, resize_input
from training.nets.to_onnx import to_onnx
from training.recipe import CheckpointError

SFACE_SHA256 = "0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79"
Weights = Literal["net", "ema"]
CHANNEL = 127.5  # both the mean that is taken off and the scale that is divided by


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

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Unit vectors, float32 (N, d), of uint8 crops (N, 112, 112, 3), BGR."""
        raw = self.session.run(to_blob(crops, self.spec))[0].reshape(len(crops), -1)
        return np.asarray(raw / np.linalg.norm(raw, axis=1, keepdims=True), dtype=np.float32)


def open_network(path: Path, threads: int = 1) -> Network:
    """A run folder, a pack, or SFace's published file.

    Raises:
        PocketfaceError: None of these, or unusable.
    """
    if (path / LAST).is_dir() or (path / PREVIOUS).is_dir():
        net, _ = trained_net(path)
        return network_of(net, path.name, threads)
    if (path / CARD_FILE).is_file():
        pack = read_pack(path, built_in=False)
        model = pack.read_model()
        session = open_session(model, pack.name, threads)
        return Network(pack.name, model, pack.card.input, session)
    data = read_bounded(path, MAX_MODEL_BYTES)
    if hashlib.sha256(data).hexdigest() != SFACE_SHA256:
        raise ModelContractError(
            name=path.name, reason="only SFace's published file is known without a card"
        )
    model = fast_form(data, path.name)
    return Network("sface", model, SFACE_INPUT, open_session(model, "sface", threads))


def network_of(net: PocketNet, name: str, threads: int = 1) -> Network:
    """A PocketNet through its exported graph."""
    model = to_onnx(net).SerializeToString()
    return Network(name, model, pocketnet_input(net.input_side), open_session(model, name, threads))


def pocketnet_input(side: int) -> InputSpec:
    """How every PocketNet of this package is fed: square RGB, (x − 127.5) / 127.5."""
    channels = (CHANNEL, CHANNEL, CHANNEL)
    return InputSpec(width=side, height=side, colour="rgb", mean=channels, std=channels)


def trained_net(run: Path, weights: Weights = "net") -> tuple[PocketNet, Progress]:
    """The network of a run's newest checkpoint, in evaluation mode.

    Args:
        weights: "net" as the last step left them, which is what an annealed branch ships, or
            their exponential average "ema".

    Raises:
        CheckpointError: There is none, or it does not fit its recipe.
    """
    progress, tensors = load_checkpoint(run)
    section = progress.recipe.net
    net = named_pocketnet(section.architecture, section.genotype, progress.side)
    try:
        resize_input(net, progress.side)
        net.load_state_dict(part_of(tensors, "net"))
        if weights == "ema":
            net.load_state_dict(part_of(tensors, "ema"), strict=False)
    except (RuntimeError, ValueError) as error:
        raise CheckpointError(path=run, reason=f"it is of another network ({error})") from error
    return net.eval(), progress
