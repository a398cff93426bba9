"""Vectors of pictures kept on disk between runs; what is damaged there counts as absent."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from training.data.shards import save_array, save_bytes
from training.evaluation.comparisons import Floats

DIGITS = 20  # of the key in a file's name: 80 bits


@dataclass(frozen=True, slots=True)
class VectorCache:
    """The files of one model and one set of pictures.

    Attributes:
        folder: Made when something is kept; None keeps nothing.
        key: Hex digest of model, input and pictures.
    """

    folder: Path | None
    key: str

    def vectors(self, view: str, pictures: int) -> Floats | None:
        """What was kept of one view: float32 (pictures, d)."""
        if self.folder is None:
            return None
        try:
            with self._path(self.folder, view, "npy").open("rb") as file:
                found = np.lib.format.read_array(file, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        whole = found.ndim == 2 and found.shape[0] == pictures and found.dtype == np.float32  # noqa: PLR2004 - rows and numbers
        return found if whole else None

    def left_out(self) -> dict[str, int] | None:
        """How many pictures gave no crop, by reason."""
        if self.folder is None:
            return None
        try:
            data = self._path(self.folder, "left out", "json").read_bytes()
            return msgspec.json.decode(data, type=dict[str, int])
        except (OSError, msgspec.MsgspecError):
            return None

    def keep(self, by_view: Mapping[str, Floats], left_out: Mapping[str, int]) -> None:
        """Keep vectors of some views, and what was left out."""
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        for view, vectors in by_view.items():
            save_array(self._path(self.folder, view, "npy"), vectors)
        save_bytes(self._path(self.folder, "left out", "json"), msgspec.json.encode(left_out))

    def _path(self, folder: Path, name: str, ending: str) -> Path:
        return folder / f"vectors.{self.key[:DIGITS]}.{name.replace(' ', '-')}.{ending}"
