"""The lists of MegaFace: probes (FaceScrub), distractors, and which of them are noise.

A list is a text with one picture a line, or the benchmark's own JSON with `path` and, for probes,
`id`. A text names a probe's person by its folder.
"""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.capture.regular import read_regular, why
from training.data.text_tables import bad_line, read_lines
from training.errors import DataError

MAX_JSON_BYTES = 512 * 1024 * 1024  # the list of a million distractors has 60 MB


@dataclass(frozen=True, slots=True, eq=False)
class MegafaceList:
    """Pictures of one list.

    Attributes:
        files: Below the folder of pictures.
        people: int64 (N,), the number of the person on each; 0 for all in a list of distractors.
        noisy: bool (N,): the cleaned protocol does not trust this picture.
    """

    files: tuple[str, ...]
    people: NDArray[np.int64]
    noisy: NDArray[np.bool_]


class _Json(msgspec.Struct, frozen=True):
    path: tuple[str, ...]
    id: tuple[str, ...] = ()


def read_probes(path: Path, noise: Path | None = None) -> MegafaceList:
    """The probes: pictures of several people, several of each.

    Args:
        noise: List of pictures that show somebody else; each line a file's name.

    Raises:
        DataError: Unreadable, a bad line (named), or fewer than two people.
    """
    files, names = _read(path)
    names = names or tuple(PurePosixPath(file).parent.name for file in files)
    people = np.unique(names, return_inverse=True)[1].astype(np.int64)
    if people.max() == 0:
        raise DataError(path=path, reason="it needs pictures of at least two people")
    return MegafaceList(files, people, _marked(files, noise, parts=1))


def read_distractors(path: Path, noise: Path | None = None) -> MegafaceList:
    """The distractors, in the order in which they join.

    Args:
        noise: List of pictures that show a probe's person or no face; each line the folder and
            file, perhaps behind a column of its own.

    Raises:
        DataError: Unreadable, or a bad line (named).
    """
    files, _ = _read(path)
    return MegafaceList(files, np.zeros(len(files), dtype=np.int64), _marked(files, noise, parts=2))


def _read(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if path.suffix == ".json":
        found = _read_json(path)
        files, names = found.path, found.id
        lines = list(enumerate(files, 1))
    else:
        lines = list(read_lines(path))
        files, names = tuple(line for _, line in lines), ()
    if not files or (names and len(names) != len(files)):
        reason = f"it names {len(files)} pictures and {len(names)} people"
        raise DataError(path=path, reason=reason)
    for number, file in lines:
        parts = PurePosixPath(file).parts
        if not parts or parts[0].startswith("/") or ".." in parts or "\0" in file:
            raise bad_line(path, number, "names a picture outside the folder")
    return files, names


def _read_json(path: Path) -> _Json:
    try:
        data = read_regular(path, MAX_JSON_BYTES + 1)
    except OSError as error:
        raise DataError(path=path, reason=why(error)) from error
    if len(data) > MAX_JSON_BYTES:
        raise DataError(path=path, reason="it is larger than any list")
    try:
        return msgspec.json.decode(data, type=_Json)
    except (msgspec.DecodeError, RecursionError) as error:
        raise DataError(path=path, reason=f"it is no list of pictures ({error})") from error


def _marked(files: tuple[str, ...], noise: Path | None, *, parts: int) -> NDArray[np.bool_]:
    """Which files a list of noise names by their last `parts` parts."""
    if noise is None:
        return np.zeros(len(files), dtype=np.bool_)
    named = {_tail(line.split("\t")[-1], parts) for _, line in read_lines(noise)}
    marked = np.array([_tail(file, parts) in named for file in files])
    if not marked.any():
        raise DataError(path=noise, reason="it names none of the pictures")
    return marked


def _tail(file: str, parts: int) -> tuple[str, ...]:
    return PurePosixPath(file.strip()).parts[-parts:]
