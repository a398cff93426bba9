"""Folders of crops, one folder a person: `PERSON/*.jpg`, at any depth below the person."""

import hashlib
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.capture.files import natural_key
from core.capture.regular import read_regular
from training.errors import DataError

MAX_CROP_BYTES = 1024 * 1024  # an uncompressed 128-px crop has 49 kB
_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini"})  # nobody misses a picture by them


@dataclass(frozen=True, slots=True)
class PersonFile:
    """A file below a person's folder.

    Attributes:
        person: The folder's name, in Unicode's composed form.
    """

    person: str
    path: Path


def people_files(root: Path) -> tuple[PersonFile, ...]:
    """The files of all people's folders, people and files in the order people count.

    Hidden files, and those that systems leave in folders, are passed over.

    Raises:
        DataError: The folder cannot be read, holds no folder with a file, or two whose names
            differ in nothing but case or the writing of accents.
    """
    try:
        folders = [entry for entry in root.iterdir() if entry.is_dir() and _is_seen(entry.name)]
    except OSError as error:
        raise DataError(path=root, reason=f"it cannot be read ({error.strerror})") from error
    _refuse_twins(root, folders)
    found = [
        PersonFile(person_of(folder), path)
        for folder in sorted(folders, key=lambda folder: natural_key(folder.name))
        for path in files_below(folder)
    ]
    if not found:
        raise DataError(path=root, reason="it holds no folder with pictures, one for each person")
    return tuple(found)


def person_of(folder: Path) -> str:
    """A folder's name as a person's; bytes that are not UTF-8 become replacement signs."""
    name = os.fsencode(folder.name).decode("utf-8", "replace")
    return unicodedata.normalize("NFC", name)


def files_below(folder: Path) -> Iterator[Path]:
    """The files of a folder and its folders, in the order people count; links are not entered."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(filter(_is_seen, folders), key=natural_key)
        for name in sorted(filter(_is_seen, names), key=natural_key):
            yield Path(parent, name)


def read_crop(path: Path) -> bytes | None:
    """A file's bytes; None where it cannot be read, is no regular file or too large for a crop."""
    try:
        data = read_regular(path, MAX_CROP_BYTES + 1)
    except OSError:
        return None
    return data if len(data) <= MAX_CROP_BYTES else None


def fingerprint(files: tuple[PersonFile, ...]) -> str:
    """SHA-256 over names, sizes and times: whether a folder is still the one that was read."""
    digest = hashlib.sha256()
    for file in files:
        try:
            found = file.path.stat()
        except OSError:  # a link that leads nowhere; reading it will count it
            continue
        digest.update(os.fsencode(file.path) + b"\0")
        digest.update(b"%d %d\0" % (found.st_size, found.st_mtime_ns))
    return digest.hexdigest()


def _is_seen(name: str) -> bool:
    return not name.startswith(".") and name.casefold() not in _SYSTEM_FILES


def _refuse_twins(root: Path, folders: list[Path]) -> None:
    """Two folders of one name would be one person counted as two, or two counted as one."""
    seen: dict[str, str] = {}
    for folder in folders:
        name = person_of(folder)
        twin = seen.setdefault(name.casefold(), name)
        if twin is not name:
            reason = (
                f"the folders '{twin}' and '{name}' differ only in case or accents' writing; "
                "rename one, or put their pictures together"
            )
            raise DataError(path=root, reason=reason)
