"""Model packs: a folder with model.onnx, card.toml and MODEL_CARD.md; reading and finding them."""

import hashlib
import importlib.resources
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from operator import attrgetter
from pathlib import Path

import msgspec

from core.domain.model_card import NAME, ModelCard
from core.domain.template import ModelId
from core.errors import (
    CardInvalidError,
    ModelDigestError,
    ModelMissingError,
    PackUnreadableError,
    VisionError,
)
from core.toml_text import to_toml

MODEL_FILE = "model.onnx"
CARD_FILE = "card.toml"
TEXT_FILES = ("MODEL_CARD.md", "LICENSE")
DETECTOR_PACK = "yunet"  # the built-in detector; no setting chooses another

MAX_CARD_BYTES = 64 * 1024  # the longest card so far has 3 kB
MAX_CARD_DEPTH = 8  # a card nests three deep: operating_points, its entries, their values
MAX_TEXT_BYTES = 256 * 1024  # of a licence or description that is shown
MAX_MODEL_BYTES = 1024**3  # the largest recogniser in public use has 261 MB
MODEL_ID_DIGITS = 16  # 64 bits: two packs meet by accident in none of 2³² galleries


@dataclass(frozen=True, slots=True, eq=False)
class ModelPack:
    """One pack, its card read and checked; its weights not yet.

    Attributes:
        folder: Where its files lie; inside the program or among the user's.
        built_in: Came with the program and cannot be removed.
    """

    card: ModelCard
    folder: Traversable
    built_in: bool

    @property
    def name(self) -> str:
        """Unique among the packs."""
        return self.card.name

    @property
    def model_id(self) -> ModelId:
        """Identifies weights and preprocessing."""
        return model_id(self.card)

    def read_model(self) -> bytes:
        """The weights, hashed on every call.

        Raises:
            ModelDigestError: The file is not the one the card names.
            PackUnreadableError: No readable file, or one far too large.
        """
        data = read_bounded(self.folder / MODEL_FILE, MAX_MODEL_BYTES)
        if hashlib.sha256(data).hexdigest() != self.card.sha256:
            raise ModelDigestError(name=self.name)
        return data

    def read_text(self, name: str) -> str:
        """What one of `TEXT_FILES` says; empty where the pack has none. Foreign text: escape it.

        Raises:
            PackUnreadableError: Unreadable, or far too long.
        """
        if name not in TEXT_FILES or not (self.folder / name).is_file():
            return ""
        return read_bounded(self.folder / name, MAX_TEXT_BYTES).decode("utf-8", errors="replace")


@dataclass(frozen=True, slots=True)
class BrokenPack:
    """A folder among the user's packs that cannot be used, and why."""

    name: str
    error: VisionError


@dataclass(frozen=True, slots=True)
class PackList:
    """All packs; built-in ones first, each group by name."""

    packs: tuple[ModelPack, ...]
    broken: tuple[BrokenPack, ...]


def model_id(card: ModelCard) -> ModelId:
    """A short hash over everything that a vector depends on: weights, input, vector size.

    Title, licence or a new measurement do not change it.
    """
    spec = card.input
    parts = {
        "weights": card.sha256,
        "size": [spec.width, spec.height],
        "colour": spec.colour,
        "layout": spec.layout,
        # As floats: a card made in memory may hold 0 where the same card read back holds 0.0.
        "mean": [float(value) for value in spec.mean],
        "std": [float(value) for value in spec.std],
        "embedding_size": card.embedding_size,
    }
    canonical = msgspec.json.encode(parts, order="sorted")
    return ModelId(hashlib.sha256(canonical).hexdigest()[:MODEL_ID_DIGITS])


def load_card(data: bytes, name: str) -> ModelCard:
    """A card from the bytes of card.toml.

    Args:
        name: For the error sentence.

    Raises:
        CardInvalidError: Too long, no TOML, an unknown key, a wrong type or a broken rule.
    """
    if len(data) > MAX_CARD_BYTES:
        raise CardInvalidError(name=name, reason="it is far too long")
    try:
        tree = msgspec.toml.decode(data)
        if not _is_shallow(tree, MAX_CARD_DEPTH):
            raise CardInvalidError(name=name, reason="it is nested too deeply")
        return msgspec.convert(tree, ModelCard)
    except RecursionError as error:
        raise CardInvalidError(name=name, reason="it is nested too deeply") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise CardInvalidError(name=name, reason=str(error)) from error


def dump_card(card: ModelCard) -> bytes:
    """The card as TOML that `load_card` reads back to an equal card."""
    fields = {
        key: _without_none(value)
        for key, value in msgspec.to_builtins(card).items()
        if value is not None
    }
    return to_toml(fields).encode()


def list_packs(models_dir: Path | None) -> PackList:
    """All packs of both roles.

    Args:
        models_dir: The user's packs, one folder each; may be absent.
    """
    built_in = [
        read_pack(folder, built_in=True)
        for folder in _folders(_built_in_root())
        if (folder / CARD_FILE).is_file()
    ]
    packs: list[ModelPack] = []
    broken: list[BrokenPack] = []
    for folder in _folders(models_dir):
        try:
            packs.append(read_pack(folder, built_in=False))
        except VisionError as error:
            broken.append(BrokenPack(name=folder.name, error=error))
    return PackList(packs=(*built_in, *packs), broken=tuple(broken))


def find_pack(name: str, models_dir: Path | None) -> ModelPack:
    """The pack of that name; a built-in one wins.

    Raises:
        ModelMissingError: There is none.
        CardInvalidError: It is there, but its card is not valid.
        PackUnreadableError: It is there, but its card cannot be read.
    """
    if NAME.fullmatch(name):
        for root, built_in in ((_built_in_root(), True), (models_dir, False)):
            if root is not None and (root / name / CARD_FILE).is_file():
                return read_pack(root / name, built_in=built_in)
    raise ModelMissingError(name=name)


def is_built_in(name: str) -> bool:
    """Whether a pack of that name came with the program."""
    return bool(NAME.fullmatch(name)) and (_built_in_root() / name / CARD_FILE).is_file()


def read_pack(folder: Traversable, *, built_in: bool) -> ModelPack:
    """The pack in a folder that bears its name.

    Raises:
        CardInvalidError: Its card is not valid, or names another pack.
        PackUnreadableError: Its card cannot be read.
    """
    card = load_card(read_bounded(folder / CARD_FILE, MAX_CARD_BYTES), folder.name)
    if card.name != folder.name:
        raise CardInvalidError(name=folder.name, reason=f"it names another model, '{card.name}'")
    return ModelPack(card=card, folder=folder, built_in=built_in)


def read_bounded(file: Traversable, limit: int) -> bytes:
    """A file's bytes.

    Raises:
        PackUnreadableError: Absent, no regular file, unreadable, or longer than `limit` bytes.
    """
    if not file.is_file():
        raise PackUnreadableError(path=file, reason="it is no regular file")
    try:
        with file.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise PackUnreadableError(
            path=file, reason=error.strerror or "the system refuses it"
        ) from error
    if len(data) > limit:
        raise PackUnreadableError(path=file, reason=f"it has more than {limit} bytes")
    return bytes(data)


def _built_in_root() -> Traversable:
    return importlib.resources.files("resources") / "models"


def _folders(root: Traversable | None) -> list[Traversable]:
    if root is None or not root.is_dir():
        return []
    # A leading dot marks an installation that was cut off half way.
    folders = [entry for entry in root.iterdir() if entry.is_dir() and entry.name[0] != "."]
    return sorted(folders, key=attrgetter("name"))


def _is_shallow(tree: object, depth: int) -> bool:
    if depth == 0:
        return False
    if isinstance(tree, dict):
        return all(_is_shallow(value, depth - 1) for value in tree.values())
    if isinstance(tree, list):
        return all(_is_shallow(value, depth - 1) for value in tree)
    return True


def _without_none(tree: object) -> object:
    # TOML has no null; an absent key means the same to `load_card`.
    if isinstance(tree, dict):
        return {key: _without_none(value) for key, value in tree.items() if value is not None}
    if isinstance(tree, list | tuple):
        return [_without_none(value) for value in tree]
    return tree
