"""A real, tiny model pack on the disk, for tests that build everything as the program does."""

import hashlib
from pathlib import Path

import msgspec

from core.settings import Folders, Settings, locate_folders
from core.vision.packs import dump_card
from tests.app.window.staging import model_card
from tests.core.vision.tiny_models import tiny_embedder

DIM = 32


def tiny_home(home: Path) -> tuple[Settings, Folders]:
    """Settings and folders under which `core.wiring.build` works, its key in a file."""
    folders = locate_folders(home)
    folder = folders.models / "tiny"
    folder.mkdir(parents=True)
    data = tiny_embedder(dim=DIM)
    (folder / "model.onnx").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    card = msgspec.structs.replace(model_card("tiny"), sha256=digest, embedding_size=DIM)
    (folder / "card.toml").write_bytes(dump_card(card))
    return Settings(model="tiny", key_store="file", theme="light"), folders
