"""The entry of the command line: what becomes of everything that a command returns or raises."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from app.cli.request import WindowCalls
from core.errors import FAULT_EXIT, Cancelled, PocketfaceError

STOPPED_EXIT = 130  # what shells report for a program that Ctrl-C ended
_FLAGS = ("--json",)
_WITH_VALUE = ("--data-dir", "--key-file", "--model", "--fmr")


def run(argv: Sequence[str], window: WindowCalls, environment: Mapping[str, str]) -> int:
    """Carry out one command line.

    Args:
        argv: Without the program's name.
        window: The window's entries, for no sub-command and for `demo`.
        environment: For the passphrase.

    Returns:
        The exit code: 0 yes or done, 1 no, 2 usage or unreadable input, 3 no decision
        possible, 4 fault, 130 stopped from the keyboard.
    """
    front, rest = gather_global_options(argv)
    failure = _Failures([*front, *rest])
    try:
        # Loading the parser takes longer than everything else the version needs.
        if rest[:1] == ["--version"]:
            code = _say_version(json="--json" in front)
        else:
            from app.cli.root import call  # noqa: PLC0415

            code = call([*front, *rest], window, environment)
        sys.stdout.flush()
    except (KeyboardInterrupt, Cancelled):
        return failure.tell("stopped", "Stopped.", STOPPED_EXIT)
    except PocketfaceError as error:
        return failure.tell(error.code, error.sentence, error.exit_code)
    except Exception as error:  # noqa: BLE001 - the root: no traceback reaches a person
        return failure.unexpected(error)
    return code


def gather_global_options(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """The global options, which the parser expects in front, and the rest of the line.

    What follows `--` is left alone: it is names and files.
    """
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(argv)
    for token in waiting:
        if token == "--":  # noqa: S105 - the end of options, no secret
            rest.extend((token, *waiting))
        elif token in _FLAGS or token.startswith(tuple(f"{name}=" for name in _WITH_VALUE)):
            front.append(token)
        elif token in _WITH_VALUE:
            front.extend((token, *[value for value in [next(waiting, None)] if value is not None]))
        else:
            rest.append(token)
    return front, rest


def _say_version(*, json: bool) -> int:
    from app.cli.render import Line, show  # noqa: PLC0415 - each only where it is needed
    from app.version import program_version  # noqa: PLC0415

    version = program_version()
    line = Line(f"pocketface {version}")
    if not json:
        show((line,))
        return 0
    from app.cli.answer import Answer, deliver  # noqa: PLC0415
    from app.cli.reports import Version  # noqa: PLC0415

    deliver("version", Answer(Version(version=version), (line,)), json=True)
    return 0


class _Failures:
    """Tells failures of one command line, in the form that was asked for."""

    def __init__(self, arguments: Sequence[str]) -> None:
        options = arguments[: arguments.index("--")] if "--" in arguments else arguments
        self._json = "--json" in options
        self._arguments = arguments

    def tell(self, code: str, sentence: str, exit_code: int) -> int:
        """Deliver the failure; the exit code."""
        from app.cli.answer import deliver_failure  # noqa: PLC0415 - only a failure needs it

        with _broken_output_ignored():
            deliver_failure(self._command, code, sentence, exit_code, json=self._json)
            sys.stdout.flush()
        return exit_code

    def unexpected(self, error: Exception) -> int:
        """A closed pipe, a missing system library, or a fault of the program itself."""
        from app.cli.libraries import library_error  # noqa: PLC0415 - only a failure needs it

        if isinstance(error, OSError) and error.errno in {errno.EPIPE, errno.ENOSPC, errno.EIO}:
            return self.tell("output.lost", "The answer could not be written.", FAULT_EXIT)
        named = library_error(error, "This command")
        if named is not None:
            return self.tell(named.code, named.sentence, named.exit_code)
        return self.tell("fault", self._recorded(error), FAULT_EXIT)

    def _recorded(self, error: Exception) -> str:
        """Write the traceback where a developer finds it; the sentence that says where."""
        import logging  # noqa: PLC0415 - only a failure needs it

        from core.journal import set_up_journal  # noqa: PLC0415
        from core.settings import locate_folders  # noqa: PLC0415

        file = set_up_journal(locate_folders(self._data_dir).logs)
        logging.getLogger(__name__).error("the command failed", exc_info=error)
        where = f"details are in {file}" if file else "and the details could not be written down"
        return f"Something went wrong inside pocketface ({type(error).__name__}); {where}."

    @property
    def _data_dir(self) -> Path | None:
        for option, value in zip(self._arguments, self._arguments[1:], strict=False):
            if option == "--data-dir":
                return Path(value)
        return None

    @property
    def _command(self) -> str:
        """The command's name, as far as the line tells it."""
        from app.cli.schema import COMMANDS  # noqa: PLC0415 - only a failure needs it

        words = [token for token in self._arguments if not token.startswith("-")]
        known = set(COMMANDS)
        for first, second in pairwise([*words, ""]):
            if f"{first} {second}" in known or first in known:
                return f"{first} {second}" if f"{first} {second}" in known else first
        return ""


@contextlib.contextmanager
def _broken_output_ignored() -> Iterator[None]:
    """Nobody reads any more: keep Python from complaining about it a second time at its end."""
    try:
        yield
    except OSError:
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
