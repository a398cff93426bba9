"""Event files against a reader written from the format's description, and a known checksum."""

import struct
from pathlib import Path

import pytest

from training.tensorboard import EventFile, masked_checksum, record, scalars_event


def unmasked(masked: int) -> int:
    rotated = (masked - 0xA282EAD8) & 0xFFFFFFFF
    return (rotated >> 17 | rotated << 15) & 0xFFFFFFFF


def records(data: bytes) -> list[bytes]:
    found = []
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        assert struct.unpack("<I", data[8:12]) == (masked_checksum(data[:8]),)
        body = data[12 : 12 + length]
        assert struct.unpack("<I", data[12 + length : 16 + length]) == (masked_checksum(body),)
        found.append(body)
        data = data[16 + length :]
    return found


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data: bytes) -> list[tuple[int, object]]:
    """Fields of a protocol buffer: (number, value), bytes as they are."""
    found: list[tuple[int, object]] = []
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = varint(data, at)
            found.append((number, value))
        elif wire == 1:
            found.append((number, struct.unpack("<d", data[at : at + 8])[0]))
            at += 8
        elif wire == 2:
            size, at = varint(data, at)
            found.append((number, data[at : at + size]))
            at += size
        else:
            assert wire == 5
            found.append((number, struct.unpack("<f", data[at : at + 4])[0]))
            at += 4
    return found


@pytest.mark.parametrize(
    ("data", "crc"),
    [(b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA), (bytes(range(32)), 0x46DD794E)],
)
def test_the_checksum_is_the_one_of_rfc_3720(data: bytes, crc: int) -> None:
    assert unmasked(masked_checksum(data)) == crc


def test_a_record_byte_by_byte() -> None:
    """Of one byte: length, its checksum, the byte, its checksum."""
    made = record(b"\x00")

    assert made[:8] == b"\x01" + bytes(7)
    assert len(made) == 17
    assert unmasked(struct.unpack("<I", made[13:])[0]) == 0x527D5351  # CRC-32C of one zero byte


def test_a_file_reads_back_its_version_steps_and_figures(tmp_path: Path) -> None:
    events = EventFile(tmp_path, now=1000.5)
    events.add(300, {"train/loss": 0.5, "train/rate": 1.0}, now=1001.0)
    events.add(7_000_000_000, {"check/cosine": -0.25}, now=1002.0)

    (path,) = tmp_path.glob("events.out.tfevents.*")
    first, second, third = (dict(fields(body)) for body in records(path.read_bytes()))

    assert (first[1], first[3]) == (1000.5, b"brain.Event:2")
    assert (second[1], second[2]) == (1001.0, 300)
    values = [dict(fields(value)) for _, value in fields(second[5])]  # type: ignore[arg-type]
    assert values == [{1: b"train/loss", 2: 0.5}, {1: b"train/rate", 2: 1.0}]
    assert third[2] == 7_000_000_000


def test_a_run_that_goes_on_writes_another_file(tmp_path: Path) -> None:
    EventFile(tmp_path, now=1000.0)
    EventFile(tmp_path, now=1000.0)

    assert len(list(tmp_path.glob("events.out.tfevents.*"))) == 2


def test_names_may_hold_anything() -> None:
    (value,) = [
        body for number, body in fields(scalars_event(0, 0.0, {"größe": 1.0})) if number == 5
    ]

    assert "größe".encode() in value  # type: ignore[operator]
