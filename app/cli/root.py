"""The parser of the command line: the command tree, its global options, its complaints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from app.cli import (
    commands,
    portable_commands,  # noqa: F401 - hangs its commands on their groups
    trust_commands,
)
from app.cli.request import Request, WindowCalls
from core.errors import Cancelled, UsageError

_EVERYWHERE = "--data-dir, --json, --model and --fmr may stand anywhere on the line."
# Every complaint of the parser has this base, wherever typer keeps its copy of click.
_ParserError: type[Exception] = next(
    base
    for base in typer.BadParameter.__mro__
    if base.__name__ == "ClickException" and issubclass(base, Exception)
)


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What the root callback is given by `call`."""

    environment: Mapping[str, str]
    window: WindowCalls


def call(arguments: Sequence[str], window: WindowCalls, environment: Mapping[str, str]) -> int:
    """Parse a line with the global options in front, and run its command.

    Returns:
        The command's exit code.

    Raises:
        UsageError: The line cannot be understood.
        Cancelled: The person gave up at a question.
    """
    # Not through the parser's own main(), which has exit codes and a mind of its own.
    command = typer.main.get_command(make_root())
    surroundings = _Surroundings(environment, window)
    try:
        with command.make_context("pocketface", list(arguments), obj=surroundings) as context:
            command.invoke(context)
    except typer.Exit as leaving:
        return leaving.exit_code
    except typer.Abort as error:
        raise Cancelled from error
    except _ParserError as error:
        raise UsageError(reason=_complaint(error)) from error
    return 0


def make_root() -> typer.Typer:
    """The whole command tree."""
    root = typer.Typer(
        name="pocketface",
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        epilog=_EVERYWHERE,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    root.callback(invoke_without_command=True)(_root)
    commands.register(root)
    trust_commands.register(root)
    return root


def _root(
    context: typer.Context,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, all talk on stderr.")
    ] = False,
    data_dir: Annotated[
        Path | None, typer.Option(help="Keep everything in this folder.", file_okay=False)
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(
            help="The file of the gallery's key; made with a new gallery.", dir_okay=False
        ),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Use this model for once.")] = None,
    fmr: Annotated[
        float | None, typer.Option(help="The false match rate to keep for once, such as 0.001.")
    ] = None,
    version: Annotated[  # noqa: ARG001 - `run` answers it; here it is for the help
        bool, typer.Option("--version", help="Say the version.")
    ] = False,
) -> None:
    """Verify faces on your own machine: encrypted, measured, without any cloud.

    Without a command the window opens. Exit codes: 0 yes or done, 1 no, 2 usage or unreadable
    input, 3 no decision possible, 4 fault.
    """
    surroundings: _Surroundings = context.obj
    request = Request(
        json=json,
        data_dir=data_dir,
        key_file=key_file,
        model=model,
        fmr=fmr,
        environment=surroundings.environment,
        window=surroundings.window,
    )
    context.obj = request
    if context.invoked_subcommand is None:
        raise typer.Exit(_open_window(request))


def _open_window(request: Request) -> int:
    from app.cli.session import folders_of, settings_of  # noqa: PLC0415 - heavy

    folders = folders_of(request)
    return request.window.open(settings_of(request, folders), folders)


def _complaint(error: Exception) -> str:
    """What the parser says, as one line that ends like a sentence."""
    say = getattr(error, "format_message", None)
    text = " ".join(str(say() if callable(say) else error).split())
    ending = "" if text.endswith((".", "?", "!")) else "."
    path = getattr(getattr(error, "ctx", None), "command_path", "pocketface")
    return f"{text}{ending} See `{path} --help`"
