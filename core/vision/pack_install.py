"""Adding a pack to the user's models, in one step or not at all, and removing it."""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.domain.face import CROP_PX
from core.domain.model_card import NAME, InputSpec, ModelCard
from core.errors import (
    ModelContractError,
    ModelMissingError,
    PackExistsError,
    PackInUseError,
    PackUnwritableError,
)
from core.vision.embed import IMAGE_RANK, check_shapes
from core.vision.onnx_model import Session, open_session
from core.vision.pack_source import BareFacts, PackFiles, check_facts, read_source
from core.vision.packs import (
    CARD_FILE,
    MODEL_FILE,
    ModelPack,
    dump_card,
    is_built_in,
    read_pack,
)
from core.vision.probe import ProbeReport, probe

STAGING_PREFIX = ".adding-"  # `list_packs` passes over names with a leading dot
REMOVING_PREFIX = ".removing-"
STALE_S = 3600.0  # a staging folder older than this belongs to a process that was killed
CHANNELS = 3


@dataclass(frozen=True, slots=True)
class Added:
    """A pack that was installed, and what its trial showed."""

    pack: ModelPack
    report: ProbeReport


def add_pack(
    source: Path, models_dir: Path, facts: BareFacts | None = None, threads: int = 1
) -> Added:
    """Check a pack, try it on built-in faces, and install it.

    Args:
        source: A folder, a zip or a bare .onnx file. Not modified.
        models_dir: The user's packs; made if absent.
        facts: What a bare file's card would say; ignored where there is a card.

    Raises:
        PackUnreadableError: The source cannot be read safely.
        CardInvalidError: Its card is not valid.
        ModelDigestError: Its weights are not those of the card.
        ModelContractError: The model cannot be used; the reason says why.
        PackExistsError: The name is taken.
        PackUnwritableError: The folder refuses a write.
        UsageError: A bare file without the facts it needs.
    """
    files = read_source(source)
    if files.card is not None:
        return add_files(files, files.card, models_dir, threads)
    stated = check_facts(facts)
    _refuse_taken(stated.name, models_dir)
    session = open_session(files.model, stated.name, threads)
    spec = input_of_graph(session, stated)
    check_shapes(session, spec, None)
    report = probe(session, spec)
    card = _card_of(files.model, stated, spec, report, source)
    return _installed(files, card, report, models_dir)


def add_files(files: PackFiles, card: ModelCard, models_dir: Path, threads: int = 1) -> Added:
    """As `add_pack`, of files that were read already and their card."""
    _refuse_taken(card.name, models_dir)
    session = open_session(files.model, card.name, threads)
    check_shapes(session, card.input, card.embedding_size)
    return _installed(files, card, probe(session, card.input), models_dir)


def _installed(files: PackFiles, card: ModelCard, report: ProbeReport, models_dir: Path) -> Added:
    if report.embedding_size != card.embedding_size:
        raise ModelContractError(
            name=card.name,
            reason=f"its vectors have {report.embedding_size} numbers, and the card says "
            f"{card.embedding_size}",
        )
    _install(files, card, models_dir)
    return Added(pack=read_pack(models_dir / card.name, built_in=False), report=report)


def remove_pack(name: str, models_dir: Path, in_use: str | None = None) -> None:
    """Remove one of the user's packs, a broken one too.

    Args:
        in_use: Name of the pack that the settings select.

    Raises:
        PackInUseError: It came with the program, or it is the one in use.
        ModelMissingError: There is none of that name.
        PackUnwritableError: The folder refuses a write.
    """
    if is_built_in(name):
        raise PackInUseError(name=name, reason="it came with the program")
    if not NAME.fullmatch(name) or not (models_dir / name).is_dir():
        raise ModelMissingError(name=name)
    if name == in_use:
        raise PackInUseError(name=name, reason="it is the one in use; choose another one first")
    with told_plainly(models_dir):
        # Renamed first: a pack is there as a whole or not at all, also for other processes.
        doomed = Path(tempfile.mkdtemp(prefix=REMOVING_PREFIX, dir=models_dir))
        (models_dir / name).rename(doomed / name)
        shutil.rmtree(doomed)


def input_of_graph(session: Session, facts: BareFacts) -> InputSpec:
    """The input of a bare model: size and layout from its graph, the rest as stated.

    A size that the graph leaves open is that of the aligned crop.

    Raises:
        ModelContractError: The graph takes no colour pictures, or of a size nobody uses.
    """
    shape = session.input.shape
    layout: Literal["nchw", "nhwc"]
    if len(shape) == IMAGE_RANK and shape[1] == CHANNELS:
        layout, height, width = "nchw", shape[2], shape[3]
    elif len(shape) == IMAGE_RANK and shape[3] == CHANNELS:
        layout, height, width = "nhwc", shape[1], shape[2]
    else:
        raise ModelContractError(name=session.name, reason="its input is no colour picture")
    try:
        return InputSpec(
            width=width or CROP_PX,
            height=height or CROP_PX,
            colour=facts.colour,
            mean=facts.mean,
            std=facts.std,
            layout=layout,
        )
    except ValueError as error:
        raise ModelContractError(name=session.name, reason=str(error)) from error


def _card_of(
    model: bytes, facts: BareFacts, spec: InputSpec, report: ProbeReport, source: Path
) -> ModelCard:
    return ModelCard(
        name=facts.name,
        role="embedder",
        sha256=hashlib.sha256(model).hexdigest(),
        licence=facts.licence,
        non_commercial=facts.non_commercial,
        origin=f"added from the file {source.name}",
        input=spec,
        embedding_size=report.embedding_size,
    )


def _refuse_taken(name: str, models_dir: Path) -> None:
    if is_built_in(name) or (models_dir / name).exists():
        raise PackExistsError(name=name)


def _install(files: PackFiles, card: ModelCard, models_dir: Path) -> None:
    with told_plainly(models_dir):
        models_dir.mkdir(parents=True, exist_ok=True)
        _sweep(models_dir)
        staging = Path(tempfile.mkdtemp(prefix=STAGING_PREFIX, dir=models_dir))
        try:
            write_durably(staging / MODEL_FILE, files.model)
            write_durably(staging / CARD_FILE, dump_card(card))
            for name, text in files.texts.items():
                write_durably(staging / name, text)
            _refuse_taken(card.name, models_dir)
            staging.rename(models_dir / card.name)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def write_durably(path: Path, data: bytes) -> None:
    """A new file that is on the disk when this returns."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sweep(models_dir: Path) -> None:
    """Clear away what a process left that was killed while adding or removing."""
    for entry in models_dir.iterdir():
        if entry.name.startswith((STAGING_PREFIX, REMOVING_PREFIX)):
            age_s = time.time() - entry.stat().st_mtime
            if age_s > STALE_S:
                shutil.rmtree(entry, ignore_errors=True)


@contextmanager
def told_plainly(models_dir: Path) -> Iterator[None]:
    """Turns refusals of the system within into PackUnwritableError."""
    try:
        yield
    except OSError as error:
        raise PackUnwritableError(
            path=models_dir, reason=error.strerror or "the system refuses it"
        ) from error
