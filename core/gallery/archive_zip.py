"""The zip around an archive, opened without believing anything it says.

Only what this program writes is read: parts that are stored, not packed, so that no part unpacks
to more than the file holds; names that are in the manifest, so that none leads anywhere.
"""

import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from core.gallery.archive_errors import (
    ArchiveDamagedError,
    ArchiveForeignError,
    ArchiveUnsafeError,
)
from core.gallery.archive_format import (
    MANIFEST,
    MANIFEST_SEAL,
    MAX_DIRECTORY_BYTES,
    MAX_PART_BYTES,
    MAX_PARTS,
    PART_NAME,
)

# The ends of a zip: APPNOTE.TXT, sections 4.3.14 to 4.3.16.
_FIRST = b"PK\x03\x04"
_END = struct.Struct("<4s4H2LH")
_END_MAGIC = b"PK\x05\x06"
_LOCATOR = struct.Struct("<4sLQL")
_LOCATOR_MAGIC = b"PK\x06\x07"
_END64 = struct.Struct("<4sQ2H2L4Q")
_END64_MAGIC = b"PK\x06\x06"
_MAX_NAME = 80  # characters of a foreign name that a sentence shows
_ENCRYPTED = 1  # bit 0 of a member's flags


@contextmanager
def open_zip(path: Path) -> Iterator["ArchiveZip"]:
    """The parts of the file at `path`.

    Raises:
        ArchiveForeignError: No readable file, or no zip.
        ArchiveDamagedError: Cut off, or bytes changed.
        ArchiveUnsafeError: Parts that are packed, too large, too many, or lead elsewhere.
    """
    try:
        with path.open("rb") as file:
            _check_ends(path, file)
            with zipfile.ZipFile(file) as archive:
                yield ArchiveZip(path, archive)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise ArchiveDamagedError(path=path, reason="the zip around it is broken") from error
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise ArchiveForeignError(path=path, reason=reason) from error


class ArchiveZip:
    """Parts by name."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._archive = archive
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in archive.infolist():
            self._admit(member)

    @property
    def names(self) -> set[str]:
        """Of all parts."""
        return set(self._members)

    def read(self, name: str, limit: int = MAX_PART_BYTES) -> bytes:
        """The bytes of a part.

        Raises:
            ArchiveDamagedError: It is not there, or not what it was.
            ArchiveUnsafeError: It has more than `limit` bytes.
        """
        member = self._members.get(name)
        if member is None:
            raise ArchiveDamagedError(path=self._path, reason=f"the part {name} is missing")
        if member.file_size > limit:
            raise ArchiveUnsafeError(
                path=self._path, reason=f"the part {name} has more than {limit:,} bytes"
            )
        try:
            return self._archive.read(member)
        # RuntimeError: encrypted after all; OSError and ValueError: an offset that leads nowhere.
        except (zipfile.BadZipFile, RuntimeError, EOFError, OSError, ValueError) as error:
            reason = f"the part {name} is not what it was when the archive was written"
            raise ArchiveDamagedError(path=self._path, reason=reason) from error

    def _admit(self, member: zipfile.ZipInfo) -> None:
        name = member.filename
        if name not in (MANIFEST, MANIFEST_SEAL) and not PART_NAME.fullmatch(name):
            shown = name if name.isprintable() and len(name) < _MAX_NAME else "with a strange name"
            self._refuse(f"it holds a file that belongs in no archive ({shown})")
        if name in self._members:
            self._refuse(f"it holds the part {name} twice")
        if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
            self._refuse(f"the part {name} is packed, so it could unpack to any size")
        if member.flag_bits & _ENCRYPTED:
            self._refuse(f"the part {name} is encrypted by the zip")
        self._members[name] = member

    def _refuse(self, reason: str) -> None:
        raise ArchiveUnsafeError(path=self._path, reason=reason)


def _check_ends(path: Path, file: BinaryIO) -> None:
    """Refuse what is no zip, is cut off, or has a table of parts too large to be read."""
    start = file.read(len(_FIRST))
    size = file.seek(0, 2)
    if start not in (_FIRST, _END_MAGIC):
        raise ArchiveForeignError(path=path, reason="it is no archive of a gallery")
    if size < _END.size or start == _END_MAGIC:
        raise ArchiveDamagedError(path=path, reason="it is cut off")
    file.seek(size - _END.size)
    magic, _, _, _, entries, directory, _, comment = _END.unpack(file.read(_END.size))
    if magic != _END_MAGIC or comment:
        raise ArchiveDamagedError(path=path, reason="it is cut off, or something follows it")
    large = _large_ends(path, file, size)
    if large is not None:
        entries, directory = large
    if entries > MAX_PARTS or directory > MAX_DIRECTORY_BYTES:
        raise ArchiveUnsafeError(path=path, reason=f"it claims to hold {entries:,} parts")
    file.seek(0)


def _large_ends(path: Path, file: BinaryIO, size: int) -> tuple[int, int] | None:
    """Parts and bytes of the table of an archive above 4 GB or 65,535 parts; None for others."""
    place = size - _END.size - _LOCATOR.size
    if place < 0:
        return None
    file.seek(place)
    magic, _, offset, _ = _LOCATOR.unpack(file.read(_LOCATOR.size))
    if magic != _LOCATOR_MAGIC:
        return None
    if offset > place - _END64.size:
        raise ArchiveDamagedError(path=path, reason="it is cut off")
    file.seek(offset)
    end = _END64.unpack(file.read(_END64.size))
    if end[0] != _END64_MAGIC:
        raise ArchiveDamagedError(path=path, reason="it is cut off")
    return int(end[7]), int(end[8])
