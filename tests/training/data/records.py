"""A slow, obvious writer of RecordIO files, to read back."""

import struct
from collections.abc import Sequence
from pathlib import Path

MAGIC = b"\x0a\x23\xd7\xce"  # 0xced7230a, lowest byte first


def frame(payload: bytes) -> bytes:
    """One record; cut wherever the magic number stands on a four-byte border."""
    cuts = [at for at in range(0, len(payload) - 3, 4) if payload[at : at + 4] == MAGIC]
    ends = [*cuts, len(payload)]
    begins = [0, *(cut + 4 for cut in cuts)]
    out = b""
    for number, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        part = payload[begin:end]
        if not cuts:
            kind = 0
        elif number == 0:
            kind = 1
        else:
            kind = 3 if number == len(cuts) else 2
        out += MAGIC + struct.pack("<I", kind << 29 | len(part)) + part
        out += bytes(-len(part) % 4)
    return out


def image(label: float | Sequence[float], picture: bytes, number: int = 0) -> bytes:
    """The payload of an image record."""
    if isinstance(label, float | int):
        return struct.pack("<IfQQ", 0, label, number, 0) + picture
    labels = struct.pack(f"<{len(label)}f", *label)
    return struct.pack("<IfQQ", len(label), 0, number, 0) + labels + picture


def write_records(path: Path, payloads: Sequence[bytes], *, index: bool = True) -> list[int]:
    """A .rec file with its .idx; where each record begins."""
    starts, data = [], b""
    for payload in payloads:
        starts.append(len(data))
        data += frame(payload)
    path.write_bytes(data)
    if index:
        lines = [f"{key}\t{start}\n" for key, start in enumerate(starts)]
        path.with_suffix(".idx").write_text("".join(lines))
    return starts
