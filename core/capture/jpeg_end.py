"""Whether a JPEG without its end marker lacks only that marker, or part of the picture.

Source: ITU-T T.81, annexes B (markers) and G (progressive scans).
"""

import re
from dataclasses import dataclass, field
from enum import Enum

_END = b"\xff\xd9"
_SOF = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_SOS = 0xDA
_EOI = 0xD9
_COEFFICIENTS = 64
# A marker inside entropy-coded data: not a stuffed FF, not a restart, not a fill byte.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# Continuations that begin with a 0 bit and with a 1 bit. Where data is missing, the first missing
# bit reads differently and the pictures differ; where none is, the decoder ignores both.
_PROBES = (b"\x15" * 64, b"\xea" * 64)


class JpegEnd(Enum):
    """How a JPEG file ends."""

    CLOSED = "closed"
    OPEN = "open"  # every scan is there as far as headers tell, but no end marker
    CUT = "cut"  # ends in a header, or whole scans are missing


@dataclass(slots=True)
class _Scans:
    """Which components and coefficients the scan headers promised so far."""

    components: set[int] = field(default_factory=set)
    progressive: bool = False
    missing: dict[tuple[int, int], int] = field(default_factory=dict)

    def begin_frame(self, marker: int, body: bytes) -> None:
        self.progressive = marker in _PROGRESSIVE
        self.components = {body[6 + 3 * n] for n in range(body[5])}
        self.missing = {(c, k): 1 for c in self.components for k in range(_COEFFICIENTS)}

    def begin_scan(self, body: bytes) -> None:
        count = body[0]
        chosen = [body[1 + 2 * n] for n in range(count)]
        first, last, bits = body[1 + 2 * count : 4 + 2 * count]
        span = range(first, last + 1) if self.progressive else range(_COEFFICIENTS)
        low_bits = bits & 0x0F if self.progressive else 0
        for component in chosen:
            for coefficient in span:
                self.missing[component, coefficient] = low_bits

    @property
    def all_there(self) -> bool:
        return bool(self.missing) and not any(self.missing.values())


def jpeg_end(data: bytes) -> JpegEnd:
    """How the first picture of a JPEG file ends, judged by its markers alone."""
    scans = _Scans()
    at = 2
    while (found := _MARKER.search(data, at)) is not None:
        at = found.start()
        marker = data[at + 1]
        if marker == _EOI:
            return JpegEnd.CLOSED
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        body = data[at + 4 : at + 2 + length]
        if len(body) != length - 2:
            return JpegEnd.CUT
        try:
            if marker in _SOF:
                scans.begin_frame(marker, body)
            elif marker == _SOS:
                scans.begin_scan(body)
        except (IndexError, ValueError):
            return JpegEnd.CUT
        at += 2 + length
    return JpegEnd.OPEN if scans.all_there else JpegEnd.CUT


def probe_jpegs(data: bytes) -> tuple[bytes, ...]:
    """Variants of an OPEN file that decode to one picture exactly if no picture data is missing."""
    base = _without_half_marker(data)
    return tuple(base + probe + _END for probe in _PROBES)


def closed_jpeg(data: bytes) -> bytes:
    """An OPEN file with its end marker put back."""
    return _without_half_marker(data) + _END


def _without_half_marker(data: bytes) -> bytes:
    """Without padding zeros and half an end marker, but with a stuffed FF 00 kept whole."""
    base = data.rstrip(b"\x00")
    if base.endswith(b"\xff"):
        return base + b"\x00" if len(base) < len(data) else base[:-1]
    return base
