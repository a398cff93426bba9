"""Event files that TensorBoard reads, written without it.

A file is a row of records: length, checksum of the length, bytes, checksum of the bytes. The
bytes are a protocol buffer; only the handful of fields that a scalar needs is written.

Sources: tensorflow/core/lib/io/record_writer.h and tensorflow/core/util/event.proto.
"""

import struct
import time
from collections.abc import Mapping
from pathlib import Path

CASTAGNOLI = 0x82F63B78  # CRC-32C's polynomial, bits reversed
MASK_DELTA = (
    0xA282EAD8  # the format rotates and shifts checksums, so that none is its own content's
)
WORD = 0xFFFFFFFF
VERSION = b"brain.Event:2"
VARINT, DOUBLE, BYTES, FLOAT = 0, 1, 2, 5  # wire types of protocol buffers


def _table() -> tuple[int, ...]:
    entries = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (CASTAGNOLI if value & 1 else 0)  # noqa: PLW2901 - shifted out bit by bit
        entries.append(value)
    return tuple(entries)


_CRC_TABLE = _table()


def masked_checksum(data: bytes) -> int:
    """CRC-32C of some bytes, masked as the format wants it."""
    crc = WORD
    for byte in data:
        crc = crc >> 8 ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    crc ^= WORD
    return ((crc >> 15 | crc << 17) + MASK_DELTA) & WORD


def record(data: bytes) -> bytes:
    """One record around some bytes."""
    length = struct.pack("<Q", len(data))
    return (
        length
        + struct.pack("<I", masked_checksum(length))
        + data
        + struct.pack("<I", masked_checksum(data))
    )


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def _field(number: int, wire: int, payload: bytes) -> bytes:
    size = _varint(len(payload)) if wire == BYTES else b""
    return _varint(number << 3 | wire) + size + payload


def scalars_event(step: int, wall_time_s: float, figures: Mapping[str, float]) -> bytes:
    """An Event with one scalar a figure.

    Args:
        step: At least 0.
        wall_time_s: Since 1970.
    """
    values = b"".join(
        _field(
            1,
            BYTES,
            _field(1, BYTES, name.encode()) + _field(2, FLOAT, struct.pack("<f", value)),
        )
        for name, value in figures.items()
    )
    return (
        _field(1, DOUBLE, struct.pack("<d", wall_time_s))
        + _field(2, VARINT, _varint(step))
        + _field(5, BYTES, values)
    )


class EventFile:
    """One growing event file in a folder.

    A run that goes on writes another file, as TensorBoard expects.

    Args:
        now: Seconds since 1970.
    """

    def __init__(self, folder: Path, now: float) -> None:
        number = len(list(folder.glob("events.out.tfevents.*")))
        self._path = folder / f"events.out.tfevents.{int(now):010d}.pocketface.{number}"
        first = _field(1, DOUBLE, struct.pack("<d", now)) + _field(3, BYTES, VERSION)
        self._path.write_bytes(record(first))

    def add(self, step: int, figures: Mapping[str, float], now: float | None = None) -> None:
        """Append figures, each a curve of its own."""
        wall = time.time() if now is None else now
        with self._path.open("ab") as stream:
            stream.write(record(scalars_event(step, wall, figures)))
