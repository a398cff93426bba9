"""Reading and writing the wire format of protocol buffers, as far as ONNX files need it.

Source: Protocol Buffers encoding guide.
"""

from collections.abc import Iterator
from dataclasses import dataclass

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5  # wire types
FIXED_BYTES = {FIXED64: 8, FIXED32: 4}
VARINT_BITS = 7
MAX_VARINT_BYTES = 10
CONTINUES = 0x80  # the bit that says another byte follows


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message.

    Attributes:
        value: Of a varint; 0 otherwise.
        body: Of a length-delimited field; empty otherwise.
        whole: Key and value as they stand.
    """

    number: int
    wire: int
    value: int
    body: memoryview
    whole: memoryview


def fields(message: memoryview) -> Iterator[Field]:
    """The fields of a message in order.

    Raises:
        ValueError: It is no message, or one that is cut off.
    """
    position = 0
    while position < len(message):
        start = position
        key, position = _varint(message, position)
        number, wire = key >> 3, key & 7
        value, body = 0, message[:0]
        if wire == VARINT:
            value, position = _varint(message, position)
        elif wire == LENGTH:
            size, position = _varint(message, position)
            body = message[position : position + size]
            position += size
        elif wire in FIXED_BYTES:
            position += FIXED_BYTES[wire]
        else:
            raise ValueError("it is no ONNX file")
        if position > len(message):
            raise ValueError("it is cut off")
        yield Field(number, wire, value, body, message[start:position])


def delimited(number: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return _as_varint(number << 3 | LENGTH) + _as_varint(len(content)) + content


def number(field: int, value: int) -> bytes:
    """A varint field; `value` is not negative."""
    return _as_varint(field << 3 | VARINT) + _as_varint(value)


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for index in range(MAX_VARINT_BYTES):
        if position + index >= len(message):
            raise ValueError("it is cut off")
        byte = message[position + index]
        value |= (byte & ~CONTINUES) << (VARINT_BITS * index)
        if byte < CONTINUES:
            return value, position + index + 1
    raise ValueError("it is no ONNX file")


def _as_varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= CONTINUES:
        encoded.append(value & ~CONTINUES & 0xFF | CONTINUES)
        value >>= VARINT_BITS
    encoded.append(value)
    return bytes(encoded)
