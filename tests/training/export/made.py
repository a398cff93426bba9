"""A pack's material out of drawn faces, without training anything."""

from collections import Counter
from pathlib import Path

import numpy as np

from tests.training.evaluation.toy import toy_set
from training.evaluation.groups import NOBODY, StatedFaces
from training.export.history import History
from training.export.material import Material
from training.synth import draw_face

HISTORY = History(
    title="A small network, distilled from SFace",
    architecture="a small network",
    teachers=("SFace, up to 100 presentations", "SFace"),
    training="multi-step distillation, 1,500 presentations",
    presentations=1500,
    recipe="pocketnet-8x6-16, distil",
    held_out_share=0.5,
)


def faces(first: int, count: int) -> np.ndarray:
    """One crop each of so many people: uint8 (n, 112, 112, 3)."""
    return np.stack([draw_face(first + n, 0)[8:120, 8:120] for n in range(count)])


def material(
    cache: Path, *, crops: Counter[str] | None = None, groups: int = 0, licence: str = ""
) -> Material:
    """Forty strangers, who carry an FMR of 1 in 260, and one set of twelve people."""
    return Material(
        history=HISTORY,
        embedding=16,
        sets=(toy_set("toy"),),
        mated=("toy",),
        trained=faces(400, 6),
        strangers=faces(500, 40),
        stated=StatedFaces(faces(600, groups), {"age 0–12": np.arange(groups)})
        if groups
        else NOBODY,
        crops=Counter(synth=6) if crops is None else crops,
        cache=cache,
        note="A note.",
        licence=licence,
    )
