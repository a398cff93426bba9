"""Pair lists: which pictures of a verification set are compared, in the layouts in use.

`a,b,same` or `a,b,same,fold` as CSV with that header, and the layout of LFW's pairs.txt:
`name 1 4` for a mated and `name 1 other 2` for a non-mated pair, below a first line with the
number of folds and of pairs of each kind in one.
"""

import csv
import os
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from core.capture.regular import read_regular, why
from training.errors import DataError

MAX_PAIRS_BYTES = 512 * 1024 * 1024  # the largest public list, IJB-C's, has 250 MB
CSV_COLUMNS = (["a", "b", "same"], ["a", "b", "same", "fold"])
PICTURE_ENDINGS = (".jpg", ".png", ".webp", ".jpeg", ".bmp")  # what LFW's layout leaves out
_FACES_OF_CFP = ("frontal", "profile")  # folders between a person's folder and the pictures
_DIGITS = 9  # of the largest number that is read
_MATED_FIELDS, _OTHER_FIELDS = 3, 4


@dataclass(frozen=True, slots=True, eq=False)
class PairList:
    """The comparisons of one set.

    Attributes:
        folder: Where the pictures lie.
        files: The pictures below it, each once.
        left: int64 (P,), index of each pair's first picture.
        right: int64 (P,), index of its second.
        mated: bool (P,).
        fold: int64 (P,).
        people: int64 (files,), the number of the person on each picture.
    """

    folder: Path
    files: tuple[str, ...]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    mated: NDArray[np.bool_]
    fold: NDArray[np.int64]
    people: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Pair:
    a: str
    b: str
    mated: bool
    fold: int


def read_pair_list(path: Path, pictures: Path | None = None) -> PairList:
    """The comparisons of a list.

    Args:
        pictures: Folder below which the pictures lie; that of the list by default.

    Raises:
        DataError: Unreadable, of no known layout, a bad line (named), pairs of one kind only, or
            a number of pairs that the list itself contradicts.
    """
    folder = pictures or path.parent
    lines = _lines(path)
    if lines and lines[0].replace(" ", "").lower().startswith("a,b,same"):
        pairs = tuple(_csv_pairs(path, lines))
    else:
        pairs = tuple(_lfw_pairs(path, lines, folder))
    files: dict[str, int] = {}
    left = np.array([files.setdefault(pair.a, len(files)) for pair in pairs], dtype=np.int64)
    right = np.array([files.setdefault(pair.b, len(files)) for pair in pairs], dtype=np.int64)
    mated = np.array([pair.mated for pair in pairs], dtype=np.bool_)
    if not (mated.any() and (~mated).any()):
        raise DataError(path=path, reason="it needs both mated and non-mated pairs")
    fold = np.array([pair.fold for pair in pairs], dtype=np.int64)
    people = people_of(tuple(files), left, right, mated)
    return PairList(folder, tuple(files), left, right, mated, fold, people)


def people_of(
    files: Sequence[str],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    mated: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """The number of the person on each picture, int64 (files,).

    The folder of a picture names its person where no pair contradicts that; else pictures that
    mated pairs join are of one person.
    """
    folders = [PurePosixPath(file).parent for file in files]
    names = [str(f.parent if f.name in _FACES_OF_CFP else f) for f in folders]
    numbers = np.unique(names, return_inverse=True)[1].astype(np.int64)
    if ((numbers[left] == numbers[right]) == mated).all():
        return numbers
    return joined_by(len(files), left[mated], right[mated])


def joined_by(count: int, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers of the groups that pairs join `count` things to, int64 (count,)."""
    leader = list(range(count))

    def first(thing: int) -> int:
        while leader[thing] != thing:
            leader[thing] = leader[leader[thing]]
            thing = leader[thing]
        return thing

    for one, other in zip(left.tolist(), right.tolist(), strict=True):
        leader[first(one)] = first(other)
    groups = np.unique([first(thing) for thing in range(count)], return_inverse=True)[1]
    return groups.astype(np.int64)


def _lines(path: Path) -> list[str]:
    try:
        data = read_regular(path, MAX_PAIRS_BYTES + 1)
        if len(data) > MAX_PAIRS_BYTES:
            raise DataError(path=path, reason="it is larger than any pair list")
        return data.decode("utf-8-sig").splitlines()
    except OSError as error:
        raise DataError(path=path, reason=why(error)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise DataError(path=path, reason=f"line {line} is not UTF-8 text") from error


def _csv_pairs(path: Path, lines: Iterable[str]) -> Iterator[_Pair]:
    reader = csv.DictReader(lines, skipinitialspace=True)
    columns = [name.strip().lower() for name in reader.fieldnames or ()]
    if columns not in CSV_COLUMNS:
        raise DataError(path=path, reason="its columns are not a, b, same and perhaps fold")
    reader.fieldnames = columns
    try:
        for row in reader:
            same, fold = row["same"], row.get("fold", "0")
            bad = None in row or None in row.values() or same not in ("0", "1")
            if bad or not _is_number(fold):
                raise _bad_line(path, reader.line_num, "is no pair")
            a, b = (_inside(path, reader.line_num, row[key]) for key in ("a", "b"))
            yield _Pair(a, b, same == "1", int(fold))
    except csv.Error as error:
        raise _bad_line(path, reader.line_num, f"is no CSV ({error})") from error


def _lfw_pairs(path: Path, lines: Sequence[str], folder: Path) -> Iterator[_Pair]:
    numbered = [(number, _fields(line)) for number, line in enumerate(lines, 1) if line.strip()]
    folds, of_a_kind = 1, 0
    if numbered and all(map(_is_number, numbered[0][1])) and len(numbered[0][1]) <= 2:  # noqa: PLR2004 - folds and pairs, or pairs
        *several, of_a_kind = (int(field) for field in numbered.pop(0)[1])
        folds = several[0] if several else 1
    if of_a_kind and len(numbered) != 2 * folds * of_a_kind:
        expected = 2 * folds * of_a_kind
        reason = f"its first line announces {expected} pairs, and it holds {len(numbered)}"
        raise DataError(path=path, reason=reason)
    endings: dict[str, str] = {}
    for place, (number, fields) in enumerate(numbered):
        mated = len(fields) == _MATED_FIELDS
        numbers = fields[1:] if mated else fields[1::2]
        if len(fields) not in (_MATED_FIELDS, _OTHER_FIELDS) or not all(map(_is_number, numbers)):
            reason = "is no pair (tabs part names that hold spaces)"
            raise _bad_line(path, number, reason)
        names = (fields[0], fields[0]) if mated else (fields[0], fields[2])
        stems = [
            _inside(path, number, f"{name}/{name}_{int(shot):04d}")
            for name, shot in zip(names, numbers, strict=True)
        ]
        a, b = (endings.setdefault(stem, _found(folder, stem)) for stem in stems)
        yield _Pair(a, b, mated, place // (2 * of_a_kind) if of_a_kind else 0)


def _fields(line: str) -> list[str]:
    parts = line.split("\t") if "\t" in line else line.split()
    return [part.strip() for part in parts if part.strip()]


def _found(folder: Path, stem: str) -> str:
    """The file of a picture whose ending the list leaves out, however its accents are written.

    Where there is none, the name that LFW has; whoever reads it counts it as missing.
    """
    for form in ("NFC", "NFD"):
        for ending in PICTURE_ENDINGS:
            name = unicodedata.normalize(form, stem) + ending
            if os.path.lexists(folder / name):
                return name
    return stem + PICTURE_ENDINGS[0]


def _inside(path: Path, line: int, name: str) -> str:
    """The name, if it stays below the folder of pictures."""
    parts = PurePosixPath(name).parts
    if not parts or parts[0].startswith("/") or ".." in parts or "\0" in name:
        raise _bad_line(path, line, "names a picture outside the folder")
    return name


def _bad_line(path: Path, line: int, reason: str) -> DataError:
    return DataError(path=path, reason=f"line {line} {reason}")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _DIGITS
