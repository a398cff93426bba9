"""What a run writes down while it goes on: metrics.jsonl and an event file."""

import json
import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from training.tensorboard import EventFile

METRICS = "metrics.jsonl"


@dataclass(frozen=True, slots=True)
class Shown:
    """How far a run is, for whoever watches it.

    Attributes:
        loss: Mean since the last line of figures.
        images_per_s: In this process, since then.
    """

    presentations: int
    total: int
    loss: float
    images_per_s: float


Show = Callable[[Shown], None]


def quiet(_shown: Shown) -> None:
    """Show nothing."""


class Log:
    """Figures of a run, one line at a time, appended.

    Args:
        run: Folder; None writes nothing, as processes other than the first must.
        presentations: Where the run goes on; lines about later ones, which a crash left behind,
            are dropped.
        total: Presentations at which the run ends.
        show: Told after each step how far the run is.
    """

    def __init__(self, run: Path | None, presentations: int, total: int, show: Show) -> None:
        self._path = run / METRICS if run else None
        if self._path and self._path.is_file():
            _drop_later(self._path, presentations)
        self._events = EventFile(run, time.time()) if run else None
        self._total = total
        self._show = show
        self._sums: dict[str, float] = defaultdict(float)
        self._steps = 0
        self._images = 0
        self._wall, self._cpu = time.monotonic(), time.process_time()

    def add(self, figures: Mapping[str, float], images: int, presentations: int) -> None:
        """Note one step."""
        for name, value in figures.items():
            self._sums[name] += value
        self._steps += 1
        self._images += images
        took = max(1e-9, time.monotonic() - self._wall)
        loss = self._sums["loss"] / self._steps
        self._show(Shown(presentations, self._total, loss, self._images / took))

    def write(self, presentations: int, kind: str, figures: Mapping[str, float | int]) -> None:
        """Append a line about the steps since the last one, and a point of each curve."""
        wall, cpu = time.monotonic(), time.process_time()
        line: dict[str, float] = {name: _short(value) for name, value in figures.items()}
        if self._steps:
            line |= {name: _short(value / self._steps) for name, value in self._sums.items()}
            line["images_per_s"] = round(self._images / max(1e-9, wall - self._wall), 1)
            line["cpu_ms"] = round(1000 * (cpu - self._cpu) / self._images, 2)
        if self._path and self._events:
            text = json.dumps({"kind": kind, "presentations": presentations, **line})
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(text + "\n")
            self._events.add(presentations, {f"{kind}/{name}": v for name, v in line.items()})
        self._sums.clear()
        self._steps = self._images = 0
        self._wall, self._cpu = wall, cpu


def _drop_later(path: Path, presentations: int) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if _presentations(line) <= presentations]
    if len(kept) < len(lines):
        part = path.with_suffix(".part")
        part.write_text("".join(kept), encoding="utf-8")
        part.replace(path)


def _presentations(line: str) -> float:
    """Of one line; infinite where it was cut short."""
    try:
        return float(json.loads(line)["presentations"])
    except (ValueError, KeyError, TypeError):
        return math.inf


def _short(value: float) -> float:
    return float(f"{value:.6g}")
