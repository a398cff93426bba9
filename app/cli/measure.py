"""`models measure`: operating points of an added model, from pictures of known people."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.cli.answer import Answer
from app.cli.looking import look_at
from app.cli.models import model_document, point_table
from app.cli.render import Block, Line, Style, Table, talk
from app.cli.reports import ModelMeasured
from app.cli.request import Request
from app.cli.session import folders_of, settings_of
from app.present.guidance import remedy
from core.capture.errors import FolderEmptyError
from core.capture.files import list_pictures, natural_key
from core.domain.operating_point import RULE_OF_THREE
from core.domain.quality import QualityIssue
from core.errors import CaptureError, UsageError
from core.matching.calibrate import (
    NEEDED_MATED,
    NEEDED_NON_MATED,
    TARGET_FMRS,
    compare_all,
    count_trials,
    operating_points,
)
from core.pipeline import Parts
from core.vision.assess import VERIFY_LIMITS
from core.vision.pack_measure import find_measurable, write_points
from core.wiring import build_measuring

MAX_PICTURES = 5000  # 12.5 million comparisons: four times what the strictest FMR needs, in 0.7 GB
_PROGRESS_PICTURES = 200  # a few seconds of work between two lines
_ISSUES = tuple(QualityIssue)
_LEFT_OUT_COLUMNS = ("pictures left out", "reason")


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The pictures that could be used.

    Attributes:
        vectors: (k, d) unit vectors, float32.
        people: (k,) number of the person on each.
        left_out: How many were not used, by the code of the reason.
    """

    vectors: NDArray[np.float32]
    people: NDArray[np.intp]
    left_out: Counter[str]


def measure(request: Request, name: str, folder: Path) -> Answer:
    """Compare all pictures with each other, and write the thresholds into the model's card."""
    folders = folders_of(request)
    settings = settings_of(request, folders)
    pack = find_measurable(name, folders.models)
    people = _people(folder)
    pictures = sum(map(len, people))
    _refuse_unfit(people, pictures)
    talk(f"Measuring {name} on {pictures:,} pictures of {len(people):,} people.")
    sample = _look_at_all(people, build_measuring(pack, settings.threads, VERIFY_LIMITS))
    counts = np.unique(sample.people, return_counts=True)[1].tolist()
    _refuse_too_few(counts, sample.left_out.total())
    trials = compare_all(sample.vectors, sample.people)
    today = datetime.now().astimezone().date().isoformat()
    measured_on = (
        f"{len(sample.people)} pictures of {len(counts)} people, measured on this machine on "
        f"{today}"
    )
    points = operating_points(trials, measured_on)
    if not points:
        raise UsageError(
            reason=f"More than 1 in {1 / TARGET_FMRS[0]:.0f} pictures of different people look "
            "the same to this model; see whether a picture lies in the folders of two people"
        )
    measured = write_points(name, folders.models, points)
    document = ModelMeasured(
        model=model_document(measured, settings),
        pictures=len(sample.people),
        people=len(counts),
        left_out=dict(sample.left_out),
        mated=trials.mated.size,
        non_mated=trials.non_mated.size,
    )
    return Answer(document, _blocks(document, settings.target_fmr))


def _people(folder: Path) -> list[list[Path]]:
    """The pictures of each person; people without any are passed over.

    Raises:
        UsageError: The folder cannot be read.
    """
    try:
        inner = [path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]
    except OSError as error:
        reason = error.strerror or "the system refuses it"
        raise UsageError(reason=f"The folder '{folder}' cannot be read: {reason}") from error
    people = []
    for path in sorted(inner, key=lambda path: natural_key(path.name)):
        try:
            people.append(list_pictures(path))
        except FolderEmptyError:
            continue
    return people


def _refuse_unfit(people: list[list[Path]], pictures: int) -> None:
    """Before the work: too many pictures, or too few even if all of them can be used."""
    if pictures > MAX_PICTURES:
        raise UsageError(
            reason=f"There are {pictures:,} pictures, and at most {MAX_PICTURES:,} are compared; "
            "leave some out"
        )
    _refuse_too_few([len(paths) for paths in people])


def _refuse_too_few(counts: Sequence[int], left_out: int = 0) -> None:
    mated, non_mated = count_trials(counts)
    if mated < NEEDED_MATED or non_mated < NEEDED_NON_MATED:
        unused = f" ({left_out:,} more could not be used)" if left_out else ""
        raise UsageError(
            reason=f"{sum(counts):,} pictures of {len(counts):,} people{unused} give {mated:,} "
            f"comparisons of the same person and {non_mated:,} of different people; at least "
            f"{NEEDED_MATED} and {NEEDED_NON_MATED} are needed, with one folder a person"
        )


def _look_at_all(people: list[list[Path]], parts: Parts) -> Sample:
    vectors: list[NDArray[np.float32]] = []
    numbers: list[int] = []
    left_out: Counter[str] = Counter()
    for number, paths in enumerate(people):
        for path in paths:
            seen = len(numbers) + left_out.total()
            if seen and seen % _PROGRESS_PICTURES == 0:
                talk(f"{seen:,} pictures looked at.")
            try:
                analysis = look_at(path, parts).analysis
            except CaptureError as error:
                left_out[error.code] += 1
                continue
            if analysis.embedding is None:
                left_out[min(analysis.issues, key=_ISSUES.index).value] += 1
            else:
                vectors.append(analysis.embedding.vector)
                numbers.append(number)
    rows = np.stack(vectors) if vectors else np.empty((0, 1), np.float32)
    return Sample(rows, np.array(numbers, dtype=np.intp), left_out)


def _blocks(document: ModelMeasured, target_fmr: float) -> tuple[Block, ...]:
    name = document.model.name
    blocks: list[Block] = [
        Line(
            f"Measured {name} on {document.pictures:,} pictures of {document.people:,} people: "
            f"{document.mated:,} comparisons of the same person, {document.non_mated:,} of "
            "different people.",
            Style.GOOD,
        ),
        *point_table(document.model),
    ]
    if document.left_out:
        rows = tuple((f"{count:,}", _words(code)) for code, count in document.left_out.items())
        blocks.append(Table(_LEFT_OUT_COLUMNS, rows))
    strictest = document.model.operating_points[-1].target_fmr
    if strictest > target_fmr * (1 + 1e-9):
        needed = RULE_OF_THREE / target_fmr
        blocks.append(
            Line(
                f"The settings ask for an FMR of {target_fmr:g}, which needs {needed:,.0f} "
                "comparisons of different people: measure on more people, or decide with "
                f"--fmr {strictest:g}.",
                Style.CAUTION,
            )
        )
    elif not document.model.in_use:
        blocks.append(Line(f"`pocketface models use {name}` makes it the one that decides."))
    return tuple(blocks)


def _words(code: str) -> str:
    return remedy(QualityIssue(code)) if code in set(QualityIssue) else "It cannot be read."
