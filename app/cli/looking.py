"""A still picture, looked at: read, turned upright if need be, and analysed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.capture.pictures import read_picture
from core.domain.frame import Frame
from core.domain.result import Analysis
from core.pipeline import Parts, analyse
from core.vision.upright import find_upright

_TURNED = "The picture lay on its side or upside down; it was turned upright."
_TURNS = 4  # quarter turns that make a whole one


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What one still picture holds.

    Attributes:
        path: As the person gave it.
        quarter_turns: Counter-clockwise turns that brought it upright.
        notes: Sentences on how it was read.
    """

    path: Path
    analysis: Analysis
    quarter_turns: int
    notes: tuple[str, ...]


def look_at(path: Path, parts: Parts) -> Looked:
    """Read a picture and analyse the face that the policy chooses.

    Raises:
        CaptureError: It cannot be read.
    """
    read = read_picture(path)
    upright, _ = find_upright(read.frame, parts.detector)
    turns = quarter_turns(read.frame, upright)
    notes = tuple(note.value for note in read.notes)
    return Looked(
        path=path,
        analysis=analyse(upright, parts),
        quarter_turns=turns,
        notes=(*notes, _TURNED) if turns else notes,
    )


def quarter_turns(original: Frame, upright: Frame) -> int:
    """How many counter-clockwise quarter turns lead from one picture to the other, 0 to 3."""
    if upright is original:
        return 0
    for turns in range(1, _TURNS):
        if np.array_equal(np.rot90(original.pixels, turns), upright.pixels):
            return turns
    return 0
