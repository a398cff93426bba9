"""Answers on stdout, talk on stderr: the only module that prints.

Text from outside (names, paths, sentences of libraries) is always shown literally: control
characters become visible escapes, and nothing is taken for markup.
"""

import os
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from core.errors import UsageError

TABLE_WIDTH = 200  # columns where stdout is no terminal: wide enough that paths do not wrap

# Format characters that belong to written text: the joiners of emoji and of Persian and Indic
# scripts. Every other one (bidirectional overrides above all) can make text lie.
_HARMLESS_FORMAT = {"\u200c", "\u200d"}
_HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_BYTE_SURROGATES = range(0xDC80, 0xDD00)  # how Python carries undecodable bytes of file names
_ONE_BYTE = 0x100
_SIXTEEN_BITS = 0x10000


class Style(Enum):
    """How a line stands out where the terminal can show it: colour, boldness."""

    PLAIN = (None, False)
    STRONG = (None, True)
    GOOD = ("green", True)
    BAD = ("red", True)
    CAUTION = ("yellow", True)


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph of an answer."""

    text: str
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under headings; every row is as long as `columns`."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""


Block = Line | Table


def visible(text: str) -> str:
    """The text with everything invisible or misleading written out by its code."""
    return "".join(_visible_character(character) for character in text)


def without_surrogates(text: str) -> str:
    """The text with undecodable bytes written out, so that it can be encoded at all."""
    return "".join(
        _visible_character(character) if unicodedata.category(character) == "Cs" else character
        for character in text
    )


def _visible_character(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN_CATEGORIES or character in _HARMLESS_FORMAT:
        return character
    code = ord(character)
    if code in _BYTE_SURROGATES:
        return f"\\x{code - 0xDC00:02x}"
    if code < _ONE_BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _SIXTEEN_BITS else f"\\U{code:08x}"


def show(blocks: Sequence[Block]) -> None:
    """Write an answer for people to stdout."""
    for block in blocks:
        if isinstance(block, Line):
            _write_line(block)
        else:
            _write_table(block)
    # What is said on stderr in between has to appear in its place.
    sys.stdout.flush()


def write_document(document: bytes) -> None:
    """Write the one JSON document to stdout."""
    print(document.decode())


def talk(text: str) -> None:
    """Write to stderr: progress, advice, notices, faults."""
    print(_encodable(visible(text), sys.stderr.encoding), file=sys.stderr, flush=True)


def confirm(question: str, flag: str = "--yes") -> bool:
    """Ask on the terminal; only a clear yes counts.

    Args:
        flag: What answers beforehand, for scripts.

    Raises:
        UsageError: Nobody is there to answer.
    """
    if not sys.stdin.isatty():
        raise UsageError(reason=f"This asks before it acts, and nobody can answer here; add {flag}")
    print(_encodable(visible(question), sys.stderr.encoding), end=" [y/N] ", file=sys.stderr)
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in {"y", "yes"}


def _write_line(line: Line) -> None:
    text = _encodable(visible(line.text), sys.stdout.encoding)
    colour, bold = line.style.value
    # https://no-color.org: its presence alone counts.
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    if line.style is not Style.PLAIN and coloured:
        import typer  # noqa: PLC0415 - answers for programs and pipes need no colours

        text = typer.style(text, fg=colour, bold=bold)
    print(text)


def _write_table(table: Table) -> None:
    from rich import box  # noqa: PLC0415 - rich costs a tenth of a second to load
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table as RichTable  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    encoding = sys.stdout.encoding
    console = Console(
        file=sys.stdout, width=None if sys.stdout.isatty() else TABLE_WIDTH, highlight=False
    )
    title = Text(_encodable(visible(table.title), encoding)) if table.title else None
    grid = RichTable(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for column in table.columns:
        grid.add_column(Text(_encodable(visible(column), encoding)), overflow="fold")
    for row in table.rows:
        grid.add_row(*(Text(_encodable(visible(cell), encoding)) for cell in row))
    with console.capture() as captured:
        console.print(grid)
    # The grid pads every row to its full width, which only breaks lines in narrow places.
    rows = [row.rstrip() for row in captured.get().splitlines()]
    print("\n".join(row for row in rows if row))


def _encodable(text: str, encoding: str | None) -> str:
    """What a terminal of an old encoding can show; the rest is written as escapes."""
    name = encoding or "utf-8"
    return text.encode(name, "backslashreplace").decode(name)
