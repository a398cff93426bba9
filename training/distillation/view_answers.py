"""A teacher's answers to augmented views that come again, kept on disk.

A view is known by its crop and by its turn (epoch modulo `answers.repeats`). One array a teacher
and strength holds all answers; a row of NaN has not been asked about yet.
"""

import hashlib
import threading
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.distillation.teachers import Teacher
from training.order import Portion

RENDERING = 1  # counts up when augmentation draws or renders other views from the same seeds


class ViewAnswers:
    """The answers of one run's views, shared with any run of the same seed and data.

    Args:
        folder: Made where absent.
        crops: How many there are.
        size: Numbers in an answer.
        repeats: Different views of a crop.
        seed: Of the run.
        digest: Of the data.
    """

    def __init__(
        self, folder: Path, *, crops: int, size: int, repeats: int, seed: int, digest: str
    ) -> None:
        self._folder = folder
        self._shape = (repeats, crops, size)
        self._key = f"{RENDERING}:{seed}:{digest}"
        self._open: dict[Path, NDArray[np.float32]] = {}
        self._lock = threading.Lock()

    def answer(
        self, teacher: Teacher, views: Tensor, rows: NDArray[np.int64], portion: Portion
    ) -> Tensor:
        """Answers to views, asked only about those that are new: (N, d), unit length.

        Args:
            views: float32 (N, 3, 112, 112), RGB, 0–255.
            rows: The crops they show.
        """
        stored = self._array(teacher, portion.stage.strength)
        turn = portion.epoch % self._shape[0]
        answers = np.array(stored[turn, rows])
        new = np.flatnonzero(~np.isfinite(answers).all(axis=1))
        if len(new):
            asked, _ = teacher.answer(views[torch.from_numpy(new).to(views.device)])
            answers[new] = asked.cpu().numpy()
            stored[turn, rows[new]] = answers[new]
        return torch.from_numpy(answers).to(views.device)

    def _array(self, teacher: Teacher, strength: float) -> NDArray[np.float32]:
        named = f"{self._key}:{self._shape}:{strength:g}"
        name = hashlib.sha256(named.encode()).hexdigest()[:12]
        path = self._folder / f"views.{teacher.digest}.{name}.npy"
        with self._lock:
            if path not in self._open:
                self._open[path] = self._opened(path)
            return self._open[path]

    def _opened(self, path: Path) -> NDArray[np.float32]:
        if not path.is_file():
            self._folder.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part.npy")
            fresh = np.lib.format.open_memmap(part, "w+", np.float32, self._shape)
            fresh[:] = np.nan
            fresh.flush()
            part.replace(path)
        return np.lib.format.open_memmap(path, "r+")
