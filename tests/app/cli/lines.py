"""What a command line answered, and a window that is not there."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np

from app.cli.request import WindowCalls
from core.domain.operating_point import OperatingPoint
from core.errors import DisplayError
from core.opencv import cv2

TRIALS = 100_000


@dataclass(frozen=True)
class Said:
    """What a command line answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict:
        """The one JSON document on stdout."""
        return json.loads(self.out)

    @property
    def data(self) -> dict:
        return self.document["data"]


def refuse_screen(*_: object, **__: object) -> int:
    raise DisplayError


def paint_nothing(path: Path, *_: object, **__: object) -> Path:
    path.write_bytes(b"painted")
    return path


def no_screen() -> bool:
    return False


def nothing() -> None:
    return None


HEADLESS = WindowCalls(
    open=refuse_screen,
    open_demo=refuse_screen,
    render=paint_nothing,
    screen_available=no_screen,
    ensure_libraries=nothing,
)


def operating_point(target: float, threshold: float) -> OperatingPoint:
    return OperatingPoint(
        target_fmr=target,
        threshold=threshold,
        false_matches=round(target * TRIALS),
        non_mated=TRIALS,
        fmr_low=target * 0.8,
        fmr_high=target * 1.2,
        false_non_matches=30,
        mated=1000,
        measured_on="nothing, for tests",
    )


class Terminal(StringIO):
    """Standard input with somebody at it."""

    def isatty(self) -> bool:
        return True


def save(path: Path, pixels: np.ndarray) -> None:
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())


def enrolled(cli: Callable[..., Said], pictures: Path, names: Sequence[str] = ("Anna",)) -> None:
    for name in names:
        assert cli("enrol", name, pictures / f"{name.lower()}.png").code == 0
