"""Measuring an added model: pictures of known people, all compared with each other."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.capture.errors import FolderEmptyError
from core.capture.files import list_pictures, natural_key
from core.capture.pictures import read_picture
from core.domain.operating_point import OperatingPoint
from core.domain.quality import QualityIssue
from core.domain.watch import ALONE, Watch
from core.errors import CaptureError, UsageError
from core.matching.calibrate import (
    NEEDED_MATED,
    NEEDED_NON_MATED,
    TARGET_FMRS,
    compare_all,
    count_trials,
    operating_points,
)
from core.pipeline import Parts, analyse
from core.vision.upright import find_upright

MAX_PICTURES = 5000  # 12.5 million comparisons: four times what the strictest FMR needs, in 0.7 GB
_ISSUES = tuple(QualityIssue)


@dataclass(frozen=True, slots=True)
class KnownPeople:
    """The pictures of each person, one folder a person."""

    pictures: tuple[tuple[Path, ...], ...]

    @property
    def total(self) -> int:
        """How many pictures there are."""
        return sum(map(len, self.pictures))


@dataclass(frozen=True, slots=True)
class Measured:
    """What the comparisons gave.

    Attributes:
        points: A threshold for each FMR that the comparisons carry; at least one.
        pictures: Compared with each other.
        people: On those pictures.
        mated: Comparisons of one person.
        non_mated: Comparisons of two.
        left_out: Pictures that were not used, by the code of the reason.
    """

    points: tuple[OperatingPoint, ...]
    pictures: int
    people: int
    mated: int
    non_mated: int
    left_out: dict[str, int]


def known_people(folder: Path) -> KnownPeople:
    """The people in `folder`; folders without pictures are passed over.

    Raises:
        UsageError: It cannot be read, or holds too many or too few pictures.
    """
    try:
        inner = [path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]
    except OSError as error:
        reason = error.strerror or "the system refuses it"
        raise UsageError(reason=f"The folder '{folder}' cannot be read: {reason}") from error
    people = []
    for path in sorted(inner, key=lambda path: natural_key(path.name)):
        try:
            people.append(tuple(list_pictures(path)))
        except FolderEmptyError:
            continue
    found = KnownPeople(tuple(people))
    if found.total > MAX_PICTURES:
        raise UsageError(
            reason=f"There are {found.total:,} pictures, and at most {MAX_PICTURES:,} are "
            "compared; leave some out"
        )
    _refuse_too_few([len(paths) for paths in people])
    return found


def measure(people: KnownPeople, parts: Parts, watch: Watch = ALONE) -> Measured:
    """Compare all pictures that can be used with each other.

    Args:
        people: Of whom it is known who they are.
        parts: With the model that is measured.
        watch: Told before each picture.

    Raises:
        UsageError: Too few pictures can be used, or people look the same to the model.
        Cancelled: `watch` said so.
    """
    look = _Look(parts, people.total, watch)
    for number, paths in enumerate(people.pictures):
        for path in paths:
            look.at(path, number)
    watch.step(people.total, people.total)
    counts = [count for _, count in sorted(Counter(look.people).items())]
    _refuse_too_few(counts, look.left_out.total())
    trials = compare_all(np.stack(look.vectors), np.array(look.people, dtype=np.intp))
    today = datetime.now().astimezone().date().isoformat()
    measured_on = (
        f"{len(look.people)} pictures of {len(counts)} people, measured on this machine on {today}"
    )
    points = operating_points(trials, measured_on)
    if not points:
        raise UsageError(
            reason=f"More than 1 in {1 / TARGET_FMRS[0]:.0f} pictures of different people look "
            "the same to this model; see whether a picture lies in the folders of two people"
        )
    return Measured(
        points=points,
        pictures=len(look.people),
        people=len(counts),
        mated=trials.mated.size,
        non_mated=trials.non_mated.size,
        left_out=dict(look.left_out),
    )


class _Look:
    """Vectors of the pictures so far, whose they are, and what was left out."""

    def __init__(self, parts: Parts, total: int, watch: Watch) -> None:
        self._parts = parts
        self._total = total
        self._watch = watch
        self.vectors: list[NDArray[np.float32]] = []
        self.people: list[int] = []
        self.left_out: Counter[str] = Counter()

    def at(self, path: Path, person: int) -> None:
        self._watch.step(len(self.people) + self.left_out.total(), self._total)
        try:
            picture = read_picture(path)
        except CaptureError as error:
            self.left_out[error.code] += 1
            return
        upright, _ = find_upright(picture.frame, self._parts.detector)
        analysis = analyse(upright, self._parts)
        if analysis.embedding is None:
            self.left_out[min(analysis.issues, key=_ISSUES.index).value] += 1
        else:
            self.vectors.append(analysis.embedding.vector)
            self.people.append(person)


def _refuse_too_few(counts: Sequence[int], left_out: int = 0) -> None:
    mated, non_mated = count_trials(counts)
    if mated < NEEDED_MATED or non_mated < NEEDED_NON_MATED:
        unused = f" ({left_out:,} more could not be used)" if left_out else ""
        raise UsageError(
            reason=f"{sum(counts):,} pictures of {len(counts):,} people{unused} give {mated:,} "
            f"comparisons of the same person and {non_mated:,} of different people; at least "
            f"{NEEDED_MATED} and {NEEDED_NON_MATED} are needed, with one folder a person"
        )
