"""Reading a pack that somebody brings: a folder, a zip, or a bare ONNX file with stated facts.

Nothing is unpacked: members of a zip are read by name, so no member can land anywhere else.
"""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from core.domain.model_card import NAME, ModelCard
from core.errors import (
    CardInvalidError,
    ModelContractError,
    ModelDigestError,
    PackUnreadableError,
    UsageError,
)
from core.vision.external_weights import merge_weights
from core.vision.packs import (
    CARD_FILE,
    MAX_CARD_BYTES,
    MAX_MODEL_BYTES,
    MAX_TEXT_BYTES,
    MODEL_FILE,
    TEXT_FILES,
    load_card,
    read_bounded,
)

MAX_MEMBERS = 256  # files in a zip; a pack has four, and a few more if its weights lie apart
MAX_RATIO = 200  # unpacked to packed size; weights shrink by a tenth, text by ten times
SMALL_MEMBER_BYTES = 1024**2  # below this even a wild ratio does no harm
UNSTATED_LICENCE = "not stated"


@dataclass(frozen=True, slots=True)
class BareFacts:
    """What a card would say about a bare ONNX file.

    Attributes:
        colour: Order of the channels that the model expects.
        mean: By channel in that order, on the 0–255 scale.
        std: By channel in that order, on the 0–255 scale.
        licence: An SPDX expression, or words.
    """

    name: str
    colour: Literal["rgb", "bgr"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    licence: str = UNSTATED_LICENCE
    non_commercial: bool = False


@dataclass(frozen=True, slots=True)
class PackFiles:
    """A pack in memory.

    Attributes:
        model: With all weights inside.
        card: Its digest is that of `model`. None for a bare file, whose card needs the graph.
        texts: Content by file name, of `TEXT_FILES`.
    """

    model: bytes
    card: ModelCard | None
    texts: Mapping[str, bytes]


def read_source(source: Path) -> PackFiles:
    """The pack in a folder, a zip or a bare .onnx file.

    Raises:
        PackUnreadableError: Absent, unreadable, too large, or a zip that may harm.
        CardInvalidError: There is no card, or it is not valid.
        ModelDigestError: The weights are not those of the card.
        ModelContractError: The card describes no recogniser.
    """
    if source.is_dir():
        return _read_pack(source, source)
    if not source.is_file():
        raise PackUnreadableError(path=source, reason="there is no such file or folder")
    if zipfile.is_zipfile(source):
        with _zip_root(source) as root:
            return _read_pack(source, root)
    data = read_bounded(source, MAX_MODEL_BYTES)
    return PackFiles(model=_merged(source, data, source.parent), card=None, texts={})


def check_facts(facts: BareFacts | None) -> BareFacts:
    """The facts of a bare file.

    Raises:
        UsageError: They are missing, or the name cannot be one.
    """
    if facts is None:
        raise UsageError(
            reason="A bare ONNX file says nothing about its input; give --name, --colour, --mean "
            "and --std"
        )
    if not NAME.fullmatch(facts.name):
        raise UsageError(
            reason="A model's name is lower case letters, digits, dots and dashes, at most 64"
        )
    if any(value == 0 for value in facts.std):
        raise UsageError(reason="A standard deviation is not 0")
    return facts


@contextmanager
def _zip_root(source: Path) -> Iterator[Traversable]:
    try:
        with zipfile.ZipFile(source) as archive:
            _refuse_bomb(source, archive)
            yield zipfile.Path(archive)
    # Encrypted members raise RuntimeError, unknown compression NotImplementedError.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError) as error:
        raise PackUnreadableError(path=source, reason="the zip is damaged or encrypted") from error


def _refuse_bomb(source: Path, archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise PackUnreadableError(path=source, reason=f"it holds more than {MAX_MEMBERS} files")
    if sum(member.file_size for member in members) > MAX_MODEL_BYTES:
        raise PackUnreadableError(
            path=source, reason=f"it unpacks to more than {MAX_MODEL_BYTES} bytes"
        )
    for member in members:
        ratio = member.file_size / max(member.compress_size, 1)
        if member.file_size > SMALL_MEMBER_BYTES and ratio > MAX_RATIO:
            raise PackUnreadableError(
                path=source, reason=f"it unpacks to {ratio:.0f} times its size"
            )


def _read_pack(source: Path, root: Traversable) -> PackFiles:
    folder = _pack_folder(source, root)
    card = load_card(read_bounded(folder / CARD_FILE, MAX_CARD_BYTES), source.name)
    if card.role != "embedder":
        raise ModelContractError(
            name=card.name, reason="it is no recogniser, and no other is added"
        )
    given = read_bounded(folder / MODEL_FILE, MAX_MODEL_BYTES)
    model = _merged(source, given, folder)
    digest = hashlib.sha256(model).hexdigest()
    # The author's digest may have been taken before or after the weights were brought together.
    if card.sha256 not in (digest, hashlib.sha256(given).hexdigest()):
        raise ModelDigestError(name=card.name)
    texts = {
        name: read_bounded(folder / name, MAX_TEXT_BYTES)
        for name in TEXT_FILES
        if (folder / name).is_file()
    }
    return PackFiles(model=model, card=msgspec.structs.replace(card, sha256=digest), texts=texts)


def _pack_folder(source: Path, root: Traversable) -> Traversable:
    """The folder with the card: the root, or the only folder in it (zips are often made so)."""
    if (root / CARD_FILE).is_file():
        return root
    inner = [entry for entry in root.iterdir() if (entry / CARD_FILE).is_file()]
    if len(inner) != 1:
        raise CardInvalidError(name=source.name, reason=f"there is no {CARD_FILE} in it")
    return inner[0]


def _merged(source: Path, model: bytes, folder: Traversable) -> bytes:
    def read(location: str) -> bytes:
        parts = PurePosixPath(location).parts
        if not parts or location.startswith("/") or ".." in parts or "\\" in location:
            raise ValueError("it points at weights outside of the pack")
        file = folder.joinpath(*parts)
        if isinstance(folder, Path) and not _lies_in(Path(str(file)), folder):
            raise ValueError("it points at weights outside of the pack")
        return read_bounded(file, MAX_MODEL_BYTES)

    try:
        return merge_weights(model, read, MAX_MODEL_BYTES)
    except ValueError as error:
        raise PackUnreadableError(path=source, reason=str(error)) from error


def _lies_in(file: Path, folder: Path) -> bool:
    return file.resolve().is_relative_to(folder.resolve())
