"""Turning aligned faces into vectors."""

import numpy as np

from core.domain.face import AlignedFace
from core.domain.model_card import InputSpec
from core.domain.template import Embedding, ModelId
from core.errors import ModelContractError
from core.vision.onnx_model import Session, TensorSpec, open_session
from core.vision.packs import ModelPack
from core.vision.tensors import to_blob

MIN_NORM = 1e-6
"""Length of the raw vector; below it the direction is rounding noise. Float32 networks answer
with lengths between 1 and 100."""

IMAGE_RANK = 4  # batch, then channels, rows and columns in the order of the layout


class OnnxEmbedder:
    """A loaded recogniser. Used by one thread."""

    def __init__(self, pack: ModelPack, session: Session) -> None:
        check_shapes(session, pack.card.input, pack.card.embedding_size)
        self.pack = pack
        self.session = session

    @property
    def model(self) -> ModelId:
        """Identifies weights and preprocessing."""
        return self.pack.model_id

    def embed(self, face: AlignedFace) -> Embedding | None:
        """The unit vector; None where the output is not finite or of near-zero norm."""
        blob = to_blob(face.pixels[None], self.pack.card.input)
        raw = self.session.run(blob)[0].reshape(-1).astype(np.float64)
        if raw.size != self.pack.card.embedding_size:
            raise ModelContractError(
                name=self.pack.name,
                reason=f"it gave {raw.size} numbers instead of {self.pack.card.embedding_size}",
            )
        norm = float(np.linalg.norm(raw))
        if not MIN_NORM < norm < np.inf:
            return None
        return Embedding(vector=(raw / norm).astype(np.float32), model=self.model)


def open_embedder(pack: ModelPack, threads: int = 1) -> OnnxEmbedder:
    """Load the recogniser of a pack.

    Raises:
        ModelDigestError: The weights are not those of the card.
        ModelContractError: The pack is a detector, or the graph is not what the card says.
    """
    if pack.card.role != "embedder":
        raise ModelContractError(name=pack.name, reason="it finds faces and compares none")
    return OnnxEmbedder(pack, open_session(pack.read_model(), pack.name, threads))


def check_shapes(session: Session, spec: InputSpec, embedding_size: int | None) -> None:
    """Compare the graph with the card. What a graph leaves open fits anything.

    Args:
        embedding_size: None where no card has stated it yet.

    Raises:
        ModelContractError: They contradict each other; the reason names both sides.
    """
    reason = _input_fault(session.input, spec) or _output_fault(session.outputs, embedding_size)
    if reason:
        raise ModelContractError(name=session.name, reason=reason)


def _input_fault(found: TensorSpec, spec: InputSpec) -> str:
    sizes = (3, spec.height, spec.width) if spec.layout == "nchw" else (spec.height, spec.width, 3)
    if len(found.shape) != IMAGE_RANK:
        return f"its input has {len(found.shape)} dimensions instead of {IMAGE_RANK}"
    if found.shape[0] not in (None, 1):
        return f"it takes {found.shape[0]} pictures at a time, and one is fed"
    if not _fits(found.shape[1:], sizes):
        return f"its input is {_in_words(found.shape[1:])}, and the card says {_in_words(sizes)}"
    return ""


def _output_fault(outputs: tuple[TensorSpec, ...], embedding_size: int | None) -> str:
    if len(outputs) != 1:
        return f"it has {len(outputs)} outputs instead of one"
    numbers = [size for size in outputs[0].shape if size is not None and size != 1]
    if embedding_size is not None and len(numbers) == 1 and numbers[0] != embedding_size:
        return f"its vectors have {numbers[0]} numbers, and the card says {embedding_size}"
    return ""


def _fits(found: tuple[int | None, ...], wanted: tuple[int, ...]) -> bool:
    return all(size in (None, want) for size, want in zip(found, wanted, strict=True))


def _in_words(sizes: tuple[int | None, ...]) -> str:
    return "×".join("?" if size is None else str(size) for size in sizes)
