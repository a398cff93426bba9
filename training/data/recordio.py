"""MXNet RecordIO: the packages in which MS1MV2, CASIA-WebFace and others are passed on.

A record is `magic, length, bytes, padding to four bytes`. The upper three bits of the length say
whether it is whole (0) or the first, a middle or the last part of one (1, 2, 3): a writer cuts a
record wherever the magic number stands in it on a four-byte border and leaves the number out, so
a reader puts it back between two parts. In a record stand a header (flag, label, two numbers), as
many further labels as the flag says, and the bytes of a picture.

Source: dmlc-core's description of RecordIO and MXNet's IRHeader.
"""

import math
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from training.errors import DataError

MAGIC = struct.pack("<I", 0xCED7230A)
WHOLE, FIRST, MIDDLE, LAST = range(4)
MAX_INDEX_BYTES = 1024**3  # the index of MS1MV2, 5.8 million lines, has 110 MB
MAX_LABELS = 4096  # of one record; face packages have one or two
_DIGITS = 19  # of the largest number of 63 bits

_HEAD = struct.Struct("<4sI")
_IMAGE_HEADER = struct.Struct("<IfQQ")
_LENGTH_BITS = 29
_ALIGNMENT = 4


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """What one record says.

    Attributes:
        labels: The first is the person, as a floating-point number.
        picture: Encoded; empty in records that only describe others.
    """

    labels: tuple[float, ...]
    picture: bytes

    @property
    def person(self) -> int | None:
        """The label as a whole number; None where it is none."""
        if not self.labels:
            return None
        label = self.labels[0]
        return int(label) if math.isfinite(label) and label >= 0 and label == int(label) else None


class RecordFile:
    """A .rec file, memory-mapped. Reading is safe from several threads.

    Raises:
        DataError: It cannot be opened, or does not begin like a record file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as stream:
                self._bytes = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
            raise DataError(path=path, reason=f"it cannot be opened ({error})") from error
        if self._bytes[: len(MAGIC)] != MAGIC:
            raise DataError(path=path, reason="it is no RecordIO file (.rec)")

    def __len__(self) -> int:
        """Bytes of the file."""
        return len(self._bytes)

    def read(self, start: int) -> tuple[bytes | None, int]:
        """The record that begins at byte `start`, whole again, and where the next one begins.

        A damaged record is None, and the next one is looked for behind it.
        """
        parts: list[bytes] = []
        at = start
        while True:
            part = self._part(at)
            if part is None or part.kind not in ((MIDDLE, LAST) if parts else (WHOLE, FIRST)):
                return None, self._next_start(start)
            parts.append(part.payload)
            at = part.end
            if part.kind in (WHOLE, LAST):
                return MAGIC.join(parts), at

    def _part(self, at: int) -> "_Part | None":
        head = self._bytes[at : at + _HEAD.size]
        if len(head) < _HEAD.size or head[: len(MAGIC)] != MAGIC:
            return None
        _, word = _HEAD.unpack(head)
        length = word & ((1 << _LENGTH_BITS) - 1)
        begin = at + _HEAD.size
        payload = self._bytes[begin : begin + length]
        if len(payload) < length:
            return None
        return _Part(word >> _LENGTH_BITS, payload, begin + length + -length % _ALIGNMENT)

    def _next_start(self, damaged: int) -> int:
        """The next four-byte border behind `damaged` where a record begins; else the end."""
        at = damaged + 1
        while (found := self._bytes.find(MAGIC, at)) >= 0:
            part = self._part(found) if found % _ALIGNMENT == 0 else None
            if part is not None and part.kind in (WHOLE, FIRST):
                return found
            at = found + 1
        return len(self)


@dataclass(frozen=True, slots=True)
class _Part:
    kind: int
    payload: bytes
    end: int


def unpack(record: bytes) -> ImageRecord | None:
    """A record taken apart; None where it is too short for what it announces."""
    if len(record) < _IMAGE_HEADER.size:
        return None
    flag, label, _, _ = _IMAGE_HEADER.unpack_from(record)
    if not flag:
        return ImageRecord((label,), record[_IMAGE_HEADER.size :])
    end = _IMAGE_HEADER.size + 4 * flag
    if flag > MAX_LABELS or end > len(record):
        return None
    labels = struct.unpack_from(f"<{flag}f", record, _IMAGE_HEADER.size)
    return ImageRecord(labels, record[end:])


def starts_of(file: RecordFile) -> list[int]:
    """Where each record begins: by the .idx file beside it, else by walking through.

    Raises:
        DataError: The index cannot be used.
    """
    index = file.path.with_suffix(".idx")
    if index.is_file():
        return sorted(read_index(index).values())
    starts = []
    at = 0
    while at < len(file):
        starts.append(at)
        _, at = file.read(at)
    return starts


def read_index(path: Path) -> dict[int, int]:
    """Key → byte of a `.idx` file, whose lines are `key<TAB>byte`.

    Raises:
        DataError: Unreadable, far too large, or a line (named) that is none of these.
    """
    starts: dict[int, int] = {}
    try:
        if path.stat().st_size > MAX_INDEX_BYTES:
            raise DataError(path=path, reason="it is larger than any index")
        with path.open(encoding="ascii") as stream:
            for number, line in enumerate(stream, 1):
                fields = line.split()
                if not fields:
                    continue
                if len(fields) != 2 or not all(map(_is_number, fields)):  # noqa: PLR2004 - key and byte
                    raise DataError(path=path, reason=f"line {number} is no key with a byte")
                starts[int(fields[0])] = int(fields[1])
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(path=path, reason=f"it cannot be read ({error})") from error
    return starts


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= _DIGITS
