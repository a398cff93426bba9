"""The whole way in one go, on drawn faces: `python -m training.smoke OUT`.

Draws faces, searches a cell, trains a teacher that keeps its steps, distils a student with that
cell along those steps, measures both, exports a pack, and lets the program enrol and verify people
with it. Every part is a command line that a person could type; each is shown before it runs, and
what it was there to change is checked after it, so that a part that does nothing is found out.
OUT/report.md says what was found. Takes a few minutes on a laptop; OUT may be deleted afterwards.
"""

import argparse
import logging
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import msgspec
import torch
from rich.console import Console
from rich.table import Table

from core.errors import PocketfaceError
from core.vision.packs import read_pack
from training.checkpoint import load_checkpoint
from training.command import carry_out, plain_parser
from training.errors import DataError
from training.nets.genotype import read_genotype
from training.nets.pocketnet import PocketNet
from training.run_folder import REPORT, read_metrics
from training.saved_net import saved_net

ROOT = Path(__file__).parents[1]
RECIPES = ROOT / "training" / "recipes"
PEOPLE, CROPS = 64, 8  # 34 are held out: 561 pairs of strangers, enough to state an FMR of 1 %
PAIR_PEOPLE = 20
FMR = "0.01"
CLOSER = 0.2  # by how much teaching must raise the cosine to the teacher; measured: 0.0 → 0.64
LEAST_ACCURACY = 0.6  # on unseen people, half of the pairs mated; measured: student 0.72 to 0.76
IDLE_RATE = "1e-9"  # at which nothing is learnt
MATCH, NO_MATCH = 0, 1  # exit codes of the program's decisions
COLUMNS = ("part", "seconds", "found")
PROGRAM_NEEDS = ("sqlalchemy", "alembic", "cryptography")  # beyond what training needs
log = logging.getLogger(__name__)


class SmokeError(PocketfaceError):
    """A part of the smoke run that failed or changed nothing."""

    code = "training.smoke"
    template = "The smoke run failed at '{part}': {reason}."


@dataclass(slots=True)
class Course:
    """The folder of a smoke run, and what was found so far.

    Attributes:
        rows: Part, seconds, and what was checked, in words.
    """

    out: Path
    rows: list[tuple[str, float, str]] = field(default_factory=list)

    def folder(self, name: str) -> str:
        """A folder inside the run's, as an argument."""
        return str(self.out / name)

    def command(self, module: str, *arguments: str, allowed: Sequence[int] = (0,)) -> int:
        """Show a command line and run it from the checkout's root; its exit code.

        Raises:
            SmokeError: It ended with another exit code than those allowed.
        """
        log.info("$ python -m %s", shlex.join([module, *arguments]))
        done = subprocess.run(  # noqa: S603 - our own commands
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        if done.returncode not in allowed:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise SmokeError(
                part=module, reason=said[-1].rstrip(".") if said else "it says nothing"
            )
        return done.returncode


Part = Callable[[Course], str]


def draw(course: Course) -> str:
    """Faces to train on, pairs of other people to measure with, photos of yet others."""
    course.command(
        "training.synth", course.folder("faces"),
        "--people", str(PEOPLE), "--crops", str(CROPS),
        "--pairs", course.folder("pairs"), "--pair-people", str(PAIR_PEOPLE),
        "--photos", course.folder("photos"), "--photo-people", "2",
    )  # fmt: skip
    return f"{PEOPLE * CROPS} crops of {PEOPLE} people"


def search(course: Course) -> str:
    """A cell, found on the drawn faces."""
    course.command(
        "training.search", str(RECIPES / "smoke-search.toml"),
        "--data", course.folder("faces"), "--cache", course.folder("cache"),
        "--out", course.folder("search"),
    )  # fmt: skip
    genotype = read_genotype(course.out / "search" / "genotype.json")
    kinds = sorted({edge.operation for node in genotype.normal for edge in node})
    return f"a normal cell of {', '.join(kinds)}"


def teach(course: Course) -> str:
    """A teacher, with four of its steps kept."""
    course.command(
        "training.train", str(RECIPES / "smoke-teacher.toml"),
        "--data", course.folder("faces"), "--cache", course.folder("cache"),
        "--out", course.folder("teacher"),
    )  # fmt: skip
    steps = sorted((course.out / "teacher" / "kept").iterdir())
    for one, other in pairwise(steps):
        check_differ("training.train", one, other)
    losses = _figures(course.out / "teacher", "loss")
    check_falls("training.train", losses)
    return f"{len(steps)} steps kept, loss {losses[0]:.2f} → {losses[-1]:.2f}"


def distil(course: Course) -> str:
    """A student with the searched cell that follows the teacher's steps, and one left untaught."""
    cell = course.out / "search" / "genotype.json"
    teacher = course.out / "teacher"
    common = (
        "training.distill", str(RECIPES / "smoke-student.toml"), "--genotype", str(cell),
        "--data", course.folder("faces"), "--cache", course.folder("cache"),
    )  # fmt: skip
    idle = ("run.length=0.2", f"optim.rate={IDLE_RATE}", f"optim.matrix_rate={IDLE_RATE}")
    course.command(*common, "--follow", str(teacher), "--out", course.folder("student"))
    course.command(
        *common, "--teacher", str(teacher), "--out", course.folder("untaught"),
        *(word for change in idle for word in ("--set", change)),
    )  # fmt: skip
    net, _ = saved_net(course.out / "student")
    if not isinstance(net, PocketNet) or net.genotype != read_genotype(cell):
        raise SmokeError(part="training.distill", reason="the student has not the searched cell")
    before, after = (
        _figures(course.out / name, "held_out_cosine")[-1] for name in ("untaught", "student")
    )
    check_closer("training.distill", before, after)
    return f"cosine to the teacher on unseen people {after:.2f}, untaught {before:.2f}"


def measure(course: Course) -> str:
    """Both networks side by side on people whom neither saw."""
    course.command(
        "training.evaluate", course.folder("student"), course.folder("teacher"),
        "--sets", f"drawn={course.folder('pairs')}/pairs.csv",
        "--out", course.folder("measured"), "--cache", course.folder("cache"),
    )  # fmt: skip
    accuracies = read_accuracies(course.out / "measured" / "metrics.json")
    for name, accuracy in accuracies.items():
        if accuracy < LEAST_ACCURACY:
            reason = f"{name} has an accuracy of {accuracy:.2f}, hardly better than chance"
            raise SmokeError(part="training.evaluate", reason=reason)
    found = ", ".join(f"{name} {accuracy:.2f}" for name, accuracy in accuracies.items())
    return f"accuracy on unseen people: {found}"


def export(course: Course) -> str:
    """A pack that the program can load."""
    course.command(
        "training.export", course.folder("student"), "--out", course.folder("pack"),
        "--data", course.folder("faces"), "--cache", course.folder("cache"),
        "--sets", f"drawn={course.folder('pairs')}/pairs.csv", "--mated", "drawn",
    )  # fmt: skip
    points = read_pack(course.out / "pack", built_in=False).card.operating_points
    if not points:
        raise SmokeError(part="training.export", reason="the card states no operating point")
    return f"a pack with a threshold of {points[0].threshold:.2f} for an FMR of {FMR}"


def verify(course: Course) -> str:
    """The program takes the pack, enrols one person from a photo and verifies."""
    missing = [name for name in PROGRAM_NEEDS if find_spec(name) is None]
    if missing:
        return f"not tried: the program's own packages are not here ({', '.join(missing)})"
    own, other = sorted((course.out / "photos").iterdir())[:2]
    home = course.out / "home"
    home.mkdir(exist_ok=True)
    (home / "settings.toml").write_text('key_store = "file"\n', encoding="utf-8")
    course.command("app", "--data-dir", str(home), "models", "add", course.folder("pack"))
    program = ("app", "--data-dir", str(home), "--model", "pack", "--fmr", FMR)
    course.command(*program, "enrol", "Somebody", str(own / "0.jpg"))
    course.command(*program, "verify", "Somebody", str(own / "0.jpg"), allowed=(MATCH,))
    found = course.command(
        *program, "verify", "Somebody", str(other / "0.jpg"), allowed=(MATCH, NO_MATCH)
    )
    said = "somebody else does not" if found == NO_MATCH else "so does somebody else"
    return f"the enrolled photo matches, {said}"


PARTS: dict[str, Part] = {
    "draw": draw,
    "search": search,
    "train": teach,
    "distil": distil,
    "evaluate": measure,
    "export": export,
    "verify": verify,
}


def check_differ(part: str, one: Path, other: Path) -> None:
    """Refuse two checkpoints of the same weights.

    Raises:
        SmokeError: Nothing was trained between them.
    """
    first, second = load_checkpoint(one)[1], load_checkpoint(other)[1]
    if all(torch.equal(value, second[name]) for name, value in first.items()):
        raise SmokeError(part=part, reason=f"{one.name} and {other.name} have the same weights")


def check_falls(part: str, losses: Sequence[float]) -> None:
    """Refuse a loss that does not fall.

    Raises:
        SmokeError: It does not.
    """
    if not losses or losses[-1] >= losses[0]:
        raise SmokeError(part=part, reason=f"the loss does not fall: {list(losses)}")


def check_closer(part: str, before: float, after: float) -> None:
    """Refuse a distillation that left the student as far from its teacher as an untaught one.

    Args:
        before: Cosine of an untaught student to the teacher, on held-out people.
        after: The same of the taught one.

    Raises:
        SmokeError: It taught nothing.
    """
    if after < before + CLOSER:
        reason = f"the student came no closer to its teacher: cosine {before:.2f} → {after:.2f}"
        raise SmokeError(part=part, reason=reason)


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command."""
    parser = plain_parser("training.smoke", __doc__)
    parser.add_argument("out", type=Path, metavar="OUT", help="a new folder")
    return carry_out(parser, _run, arguments)


def _run(options: argparse.Namespace) -> None:
    if options.out.exists() and any(options.out.iterdir()):
        raise DataError(path=options.out, reason="it is not empty; a smoke run wants a new folder")
    if options.dry_run:
        log.info("Would run: %s.", ", ".join(PARTS))
        return
    course = Course(options.out.resolve())
    course.out.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + 60 * options.max_minutes
    for name, part in PARTS.items():
        if time.monotonic() > end:
            log.info("Stopped before '%s'; the time is over.", name)
            break
        begin = time.monotonic()
        words = part(course)
        course.rows.append((name, time.monotonic() - begin, words))
    _show(course)


def _show(course: Course) -> None:
    total = f"{sum(seconds for _, seconds, _ in course.rows):.0f}"
    cells = [(name, f"{seconds:.0f}", words) for name, seconds, words in course.rows]
    cells.append(("all", total, ""))
    table = Table(*COLUMNS)
    for row in cells:
        table.add_row(*row)
    Console().print(table)
    lines = ["# Smoke run", "", f"| {' | '.join(COLUMNS)} |", "|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in cells]
    (course.out / REPORT).write_text("\n".join([*lines, ""]), encoding="utf-8")


def _figures(run: Path, name: str) -> list[float]:
    return [float(line[name]) for line in read_metrics(run) if name in line]


class _Value(msgspec.Struct, frozen=True):
    value: float


class _Single(msgspec.Struct, frozen=True):
    accuracy: _Value


class _Measured(msgspec.Struct, frozen=True):
    network: str
    single: _Single


class _Metrics(msgspec.Struct, frozen=True):
    measured: tuple[_Measured, ...]


def read_accuracies(path: Path) -> dict[str, float]:
    """By network, the accuracy that `training.evaluate` wrote.

    Raises:
        SmokeError: The file says nothing of it.
    """
    try:
        metrics = msgspec.json.decode(path.read_bytes(), type=_Metrics)
    except (OSError, msgspec.MsgspecError) as error:
        raise SmokeError(part="training.evaluate", reason=str(error)) from error
    return {row.network: row.single.accuracy.value for row in metrics.measured}


if __name__ == "__main__":
    sys.exit(main())
