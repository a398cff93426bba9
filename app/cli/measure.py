"""`models measure`: operating points of an added model, from pictures of known people."""

from pathlib import Path

from app.cli.answer import Answer
from app.cli.models import model_document, point_table
from app.cli.render import Block, Line, Style, Table, talk
from app.cli.reports import ModelMeasured
from app.cli.request import Request
from app.cli.session import folders_of, settings_of
from app.present.guidance import remedy
from core.attempts import measuring
from core.domain.operating_point import RULE_OF_THREE
from core.domain.quality import QualityIssue
from core.domain.watch import Watch
from core.vision.assess import VERIFY_LIMITS
from core.vision.pack_measure import find_measurable, write_points
from core.wiring import build_measuring

_PROGRESS_PICTURES = 200  # a few seconds of work between two lines
_LEFT_OUT_COLUMNS = ("pictures left out", "reason")


def measure(request: Request, name: str, folder: Path) -> Answer:
    """Compare all pictures with each other, and write the thresholds into the model's card."""
    folders = folders_of(request)
    settings = settings_of(request, folders)
    pack = find_measurable(name, folders.models)
    people = measuring.known_people(folder)
    talk(f"Measuring {name} on {people.total:,} pictures of {len(people.pictures):,} people.")
    parts = build_measuring(pack, settings.threads, VERIFY_LIMITS)
    found = measuring.measure(people, parts, Watch(report=_tell))
    measured = write_points(name, folders.models, found.points)
    document = ModelMeasured(
        model=model_document(measured, settings),
        pictures=found.pictures,
        people=found.people,
        left_out=found.left_out,
        mated=found.mated,
        non_mated=found.non_mated,
    )
    return Answer(document, _blocks(document, settings.target_fmr))


def _tell(done: int, total: int) -> None:
    if done and done < total and done % _PROGRESS_PICTURES == 0:
        talk(f"{done:,} pictures looked at.")


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
