"""One identity label for each face across frames."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.domain.face import Box, Face

MIN_OVERLAP = 0.3
"""Intersection over union with the last sighting. At 30 frames a second a head that turns or
leans keeps more than half; two people side by side share less than a tenth."""

MAX_SHIFT = 0.5
"""Distance of the centres in box widths for a face that moved too fast to overlap enough."""

MAX_SIZE_RATIO = 1.6  # of the widths; a face does not grow by more between two frames

MAX_MISSED = 10  # frames, a third of a second: a blink of the detector, not a change of person


@dataclass(frozen=True, slots=True)
class _Sighting:
    label: int
    box: Box
    missed: int


class Tracker:
    """Labels faces so that the same face keeps its label. One per source."""

    def __init__(self) -> None:
        self._sightings: tuple[_Sighting, ...] = ()
        self._next_label = 0

    def update(self, faces: Sequence[Face]) -> tuple[int, ...]:
        """Labels of `faces`, in their order. Call once a frame, also for frames without faces."""
        labels = self._match(faces)
        for index in range(len(faces)):
            if index not in labels:
                labels[index] = self._next_label
                self._next_label += 1
        seen = tuple(_Sighting(labels[index], face.box, 0) for index, face in enumerate(faces))
        taken = set(labels.values())
        missing = tuple(
            replace(sighting, missed=sighting.missed + 1)
            for sighting in self._sightings
            if sighting.label not in taken and sighting.missed < MAX_MISSED
        )
        self._sightings = seen + missing
        return tuple(labels[index] for index in range(len(faces)))

    def reset(self) -> None:
        """Forget everyone; labels already given are not given again."""
        self._sightings = ()

    def _match(self, faces: Sequence[Face]) -> dict[int, int]:
        pairs = [
            (likeness, index, sighting.label)
            for index, face in enumerate(faces)
            for sighting in self._sightings
            if (likeness := _likeness(face.box, sighting.box)) is not None
        ]
        labels: dict[int, int] = {}
        for _, index, label in sorted(pairs, reverse=True):
            if index not in labels and label not in labels.values():
                labels[index] = label
        return labels


def _likeness(new: Box, old: Box) -> float | None:
    overlap = intersection_over_union(new, old)
    if overlap >= MIN_OVERLAP:
        return 1 + overlap  # before every pair that only lies near
    larger, smaller = max(new.width, old.width), min(new.width, old.width)
    shift = math.dist(new.centre, old.centre) / larger
    if shift <= MAX_SHIFT and larger / smaller <= MAX_SIZE_RATIO:
        return 1 - shift
    return None


def intersection_over_union(one: Box, other: Box) -> float:
    """Shared area over joint area, 0–1."""
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    if across <= 0 or down <= 0:
        return 0.0
    shared = across * down
    return shared / (one.area + other.area - shared)
