"""Whatever can teach: an ONNX file, a model pack, a run or one of its kept checkpoints."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from core.domain.model_card import InputSpec
from core.vision.packs import CARD_FILE, MODEL_FILE, read_pack
from training.checkpoint import TENSORS, checkpoint_folder, is_checkpoint
from training.data.augment import FACE_SIDE_PX
from training.data.augment_device import area_matrix, linear_matrix
from training.errors import DataError
from training.nets.onnx_teacher import BATCH, SFACE_INPUT, OnnxTeacher
from training.nets.onnx_torch import read_torch_form
from training.saved_net import saved_net
from training.subjects import SFACE_SHA256, square_input

CACHE_DIGITS = 12  # 48 bits: no two teachers of one cache meet by accident


class Teacher(Protocol):
    """A network that answers to views of faces."""

    @property
    def name(self) -> str:
        """For people."""
        ...

    @property
    def sha256(self) -> str:
        """Of its file."""
        ...

    @property
    def digest(self) -> str:
        """The first digits of it, under which the cache keeps answers."""
        ...

    def answer(self, views: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Unit vectors (N, d), and the inner maps it was opened with.

        Args:
            views: float32 (N, 3, 112, 112), RGB, 0–255, on the training device. Not modified.
        """
        ...


@dataclass(frozen=True, slots=True)
class RuntimeTeacher:
    """An ONNX file in onnxruntime, on a CPU."""

    name: str
    sha256: str
    network: OnnxTeacher

    @property
    def digest(self) -> str:
        """As the protocol says."""
        return self.sha256[:CACHE_DIGITS]

    def answer(self, views: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """As the protocol says."""
        crops = views.round().to(torch.uint8).numpy()[:, ::-1].transpose(0, 2, 3, 1)
        parts = [
            self.network.answer_with_maps(np.ascontiguousarray(crops[start : start + BATCH]))
            for start in range(0, len(crops), BATCH)
        ]
        vectors = torch.from_numpy(np.concatenate([vectors for vectors, _ in parts]))
        maps = zip(*(maps for _, maps in parts), strict=True)
        return vectors, tuple(torch.from_numpy(np.concatenate(each)) for each in maps)


@dataclass(frozen=True, slots=True)
class ModuleTeacher:
    """A torch module, on any device.

    Attributes:
        network: (N, 3, side, side) in its own scaling → (embedding, *maps).
        spec: What its input is.
    """

    name: str
    sha256: str
    network: nn.Module
    spec: InputSpec

    @property
    def digest(self) -> str:
        """As the protocol says."""
        return self.sha256[:CACHE_DIGITS]

    def answer(self, views: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """As the protocol says."""
        with torch.no_grad():
            sized = resized(views.round(), self.spec.width)
            ordered = sized if self.spec.colour == "rgb" else sized.flip(1)
            mean = torch.tensor(self.spec.mean, device=views.device).view(1, 3, 1, 1)
            scale = torch.tensor(self.spec.std, device=views.device).view(1, 3, 1, 1)
            embedding, *maps = self.network((ordered - mean) / scale)
            return functional.normalize(embedding.flatten(1)), tuple(maps)


class _Single(nn.Module):
    """A network whose output is the embedding alone."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """(embedding,)."""
        return (self.net(images),)


def resized(views: Tensor, side: int) -> Tensor:
    """Square views at another size: areas averaged when smaller, interpolated when larger.

    Args:
        views: float (N, 3, s, s). Not modified.
    """
    old = views.shape[-1]
    if old == side:
        return views
    make = area_matrix if side < old else linear_matrix
    matrix = torch.tensor(make(old, side), dtype=views.dtype, device=views.device)
    result: Tensor = matrix @ views @ matrix.T
    return result


def open_teacher(path: Path, device: torch.device, maps: Sequence[str] = ()) -> Teacher:
    """Whatever lies there, ready to answer.

    Args:
        path: An ONNX file, a model pack's folder, a run folder or a kept checkpoint. An ONNX file
            without a card is fed as ArcFace's family is, SFace as it was published.
        maps: Names of inner tensors to answer with; only of ONNX files and packs.

    Raises:
        PocketfaceError: It cannot be used, or has no such map.
    """
    if is_checkpoint(path):
        return _checkpoint_teacher(path, device, maps)
    file = path / MODEL_FILE if path.is_dir() else path
    if not file.is_file():
        raise DataError(path=path, reason="it is no teacher: neither an ONNX file nor a checkpoint")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if path.is_dir() and (path / CARD_FILE).is_file():
        spec = read_pack(path, built_in=False).card.input
    else:
        spec = SFACE_INPUT if digest == SFACE_SHA256 else square_input(FACE_SIDE_PX)
    if device.type == "cpu":
        network = OnnxTeacher(file, spec, maps=maps)
        return RuntimeTeacher(path.name, digest, network)
    module = read_torch_form(file, maps).to(device).eval()
    return ModuleTeacher(path.name, digest, module, spec)


def _checkpoint_teacher(path: Path, device: torch.device, maps: Sequence[str]) -> Teacher:
    if maps:
        raise DataError(path=path, reason="inner maps are taught from ONNX files only")
    net, progress = saved_net(path)
    for parameter in net.parameters():
        parameter.requires_grad = False
    spec = square_input(progress.side)
    digest = hashlib.sha256((checkpoint_folder(path) / TENSORS).read_bytes()).hexdigest()
    return ModuleTeacher(str(path), digest, _Single(net).to(device), spec)


def ask(teacher: Teacher, crops: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Answers to plain crops, (N, d), unit length.

    Args:
        crops: uint8 (N, 112, 112, 3), BGR. Not modified.
    """
    assert crops.shape[1:] == (FACE_SIDE_PX, FACE_SIDE_PX, 3), "plain crops, without margin"
    return teacher.answer(as_views(crops, device))[0]


def as_views(crops: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Crops uint8 (N, 112, 112, 3), BGR, as a teacher is shown them."""
    rgb = np.ascontiguousarray(crops[..., ::-1].transpose(0, 3, 1, 2))
    return torch.from_numpy(rgb).to(device).float()
