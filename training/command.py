"""The command line that all commands share: options, progress, Ctrl-C, sentences, exit codes."""

import argparse
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from core.errors import PocketfaceError, UsageError
from training.checkpoint import is_checkpoint
from training.engine.log import Show, Shown, quiet

INTERRUPTED_EXIT = 130  # what shells expect after Ctrl-C

Item = TypeVar("Item")
log = logging.getLogger(__name__)


def plain_parser(prog: str, description: str | None) -> argparse.ArgumentParser:
    """Options of every command: --dry-run and --max-minutes.

    Args:
        prog: Its module, such as "training.answers".
        description: Its module's docstring.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m {prog}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--max-minutes", type=_minutes, default=float("inf"), help="end cleanly after so long"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="open and check everything, then stop"
    )
    return parser


def recipe_parser(prog: str, description: str | None) -> argparse.ArgumentParser:
    """Options of every command that trains: the plain ones, RECIPE, --out, --set, --resume."""
    parser = plain_parser(prog, description)
    parser.add_argument("recipe", type=Path, help="a TOML file, such as those in training/recipes")
    parser.add_argument("--out", type=Path, required=True, help="run folder")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SECTION.KEY=VALUE",
        help="change one value of the recipe; may be repeated",
    )
    parser.add_argument("--resume", action="store_true", help="go on from the state in --out")
    return parser


def _minutes(text: str) -> float:
    minutes = float(text)
    if not minutes > 0:
        raise argparse.ArgumentTypeError("minutes are more than 0")
    return minutes


def carry_out(
    parser: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], None],
    arguments: list[str] | None,
) -> int:
    """Parse and run one command; a failure we can explain becomes its sentence.

    Returns:
        The exit code: 0 done, 2 usage, 4 failure, 130 Ctrl-C outside a run's loop.
    """
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        _refuse_overwriting(options)
        run(options)
    except PocketfaceError as error:
        log.error("%s", error.sentence)  # noqa: TRY400 - the sentence is for the person
        return error.exit_code
    except KeyboardInterrupt:
        log.error("Stopped; nothing that was finished is lost.")  # noqa: TRY400 - no fault
        return INTERRUPTED_EXIT
    except OSError as error:
        log.error("A file cannot be read or written: %s.", error)  # noqa: TRY400 - as above
        return PocketfaceError.exit_code
    return 0


def _refuse_overwriting(options: argparse.Namespace) -> None:
    """Keep a run that is there from being started over by a forgotten --resume."""
    if "resume" in options and not options.resume and is_checkpoint(options.out):
        raise UsageError(
            reason=f"{options.out} holds a run already; go on with --resume, or name another folder"
        )


def stop_asked(max_minutes: float) -> Callable[[], bool]:
    """Whether a signal (Ctrl-C, SIGTERM) came or the time is over.

    The second Ctrl-C ends the program at once; the last checkpoint stays.
    """
    asked = threading.Event()

    def ask(number: int, _frame: object) -> None:
        asked.set()
        signal.signal(number, signal.SIG_DFL)

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, ask)
    end = time.monotonic() + 60 * max_minutes
    return lambda: asked.is_set() or time.monotonic() > end


@contextmanager
def fit_progress(*, visible: bool = True) -> Iterator[Show]:
    """A bar for a run of `fit`, for its `show`.

    Args:
        visible: False in all processes but the first.
    """
    if not visible:
        yield quiet
        return
    with _bar("{task.fields[words]}") as progress:
        task = progress.add_task("", words="")

        def show(shown: Shown) -> None:
            words = f"loss {shown.loss:.4f}, {shown.images_per_s:.0f} pictures/s"
            progress.update(task, total=shown.total, completed=shown.presentations, words=words)

        yield show


def tracked(items: Iterable[Item], text: str, total: int | None = None) -> Iterator[Item]:
    """The same items, with a bar."""
    with _bar(text.replace("{", "{{").replace("}", "}}")) as progress:
        yield from progress.track(items, total=total)


@contextmanager
def counted(text: str, *, visible: bool = True) -> Iterator[Callable[[int, int], None]]:
    """A bar that is told (done, total).

    Args:
        visible: False in all processes but the first.
    """
    if not visible:
        yield lambda _done, _total: None
        return
    with _bar(text.replace("{", "{{").replace("}", "}}")) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _bar(text: str) -> Progress:
    # Not a terminal: nothing is drawn, because a log file wants lines, not pictures.
    console = Console(file=sys.stderr)
    return Progress(
        TextColumn(text, markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
