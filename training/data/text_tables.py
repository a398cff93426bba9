"""Text tables of published protocols: columns parted by spaces or tabs, bad lines named."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.capture.regular import read_regular, why
from training.errors import DataError

MAX_TABLE_BYTES = 2 * 1024**3  # the largest in use, IJB-C's pairs, has 250 MB


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a text with their numbers, without those that are empty or begin with '#'.

    Raises:
        DataError: Unreadable, far too large, or not UTF-8 (the line is named).
    """
    try:
        data = read_regular(path, MAX_TABLE_BYTES + 1)
    except OSError as error:
        raise DataError(path=path, reason=why(error)) from error
    if len(data) > MAX_TABLE_BYTES:
        raise DataError(path=path, reason="it is larger than any list of a protocol")
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        if line.strip() and not line.startswith(b"#"):
            try:
                yield number, line.decode("utf-8").strip()
            except UnicodeDecodeError as error:
                raise bad_line(path, number, "is not UTF-8 text") from error


def read_numbers(path: Path, columns: int) -> NDArray[np.int64]:
    """A table of whole numbers, int64 (rows, columns).

    Raises:
        DataError: As `read_lines`, or a line (named) that is something else.
    """
    try:
        with path.open(encoding="utf-8-sig") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of an empty file, which is told below
            table = np.loadtxt(stream, dtype=np.int64, ndmin=2, comments="#")
    except OSError as error:
        raise DataError(path=path, reason=why(error)) from error
    except ValueError:  # which names rows, not lines
        table = np.empty((0, 0), dtype=np.int64)
    if table.shape[0] and table.shape[1] == columns:
        return table
    rows = [_row(path, number, line, columns) for number, line in read_lines(path)]
    if not rows:
        raise DataError(path=path, reason="it is empty")
    return np.array(rows, dtype=np.int64)


def bad_line(path: Path, number: int, reason: str) -> DataError:
    """The refusal of one line."""
    return DataError(path=path, reason=f"line {number} {reason}")


def _row(path: Path, number: int, line: str, columns: int) -> list[int]:
    try:
        row = [int(field) for field in line.split()]
        np.array(row, dtype=np.int64)
    except (ValueError, OverflowError) as error:
        raise bad_line(path, number, "holds something that is no whole number") from error
    if len(row) != columns:
        raise bad_line(path, number, f"has {len(row)} columns, and {columns} are needed")
    return row
