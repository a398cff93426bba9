"""Weights that lie in files beside an ONNX graph, brought into the graph's own file.

Large exports keep their weights apart. A pack is one file, so that one hash covers everything.
Only the wire format of protocol buffers is read here: the `onnx` package is an extra, and
onnxruntime's own rewriting differs between its versions, which would change the hash.

Source: field numbers from onnx.proto, IR version 10.
"""

from collections.abc import Callable
from functools import cache

from core.wire_format import LENGTH, delimited, fields

MAX_DEPTH = 32  # subgraphs within subgraphs; a graph in public use nests three deep

# TensorProto
RAW_DATA, EXTERNAL_DATA, DATA_LOCATION = 9, 13, 14
EXTERNAL = 1  # TensorProto.DataLocation

INNER: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {
        5: "tensor",
        6: "graph",
        10: "tensor",
        11: "graph",
        22: "sparse",
        23: "sparse",
    },
    "sparse": {1: "tensor", 2: "tensor"},
}
"""Which fields of a message lead to tensors, by field number."""


def merge_weights(model: bytes, read: Callable[[str], bytes], limit: int) -> bytes:
    """The model with all weights inside; the same bytes where they are inside already.

    Args:
        read: The content of a file beside the model, by the path the graph gives.
        limit: Of the bytes brought in. Many tensors may point at one file.

    Raises:
        ValueError: No protocol buffer, or a reference that makes no sense. The text says what.
    """
    if b"location" not in model:  # every reference carries this key
        return model
    return _Merger(read, limit).rewrite(memoryview(model), "model", MAX_DEPTH)


class _Merger:
    """Rewrites messages; remembers files already read and how much may still be brought in."""

    def __init__(self, read: Callable[[str], bytes], limit: int) -> None:
        self._read = cache(read)
        self._left = limit

    def rewrite(self, message: memoryview, kind: str, depth: int) -> bytes:
        if depth == 0:
            raise ValueError("its graphs are nested too deeply")
        if kind == "tensor":
            return self._fill_tensor(message)
        inner = INNER[kind]
        parts: list[bytes | memoryview] = []
        for field in fields(message):
            if field.number in inner and field.wire == LENGTH:
                content = self.rewrite(field.body, inner[field.number], depth - 1)
                parts.append(delimited(field.number, content))
            else:
                parts.append(field.whole)
        return b"".join(parts)

    def _fill_tensor(self, message: memoryview) -> bytes:
        parts = list(fields(message))
        if not any(field.number == DATA_LOCATION and field.value == EXTERNAL for field in parts):
            return bytes(message)
        entries = dict(_entry(field.body) for field in parts if field.number == EXTERNAL_DATA)
        data = self._read(entries.get("location", ""))
        start = int(entries.get("offset", "0"))
        length = int(entries.get("length", str(len(data) - start)))
        if start < 0 or length < 0 or start + length > len(data):
            raise ValueError("a file of weights is shorter than the graph says")
        self._left -= length
        if self._left < 0:
            raise ValueError("its weights are far too large")
        kept = [
            field.whole
            for field in parts
            if field.number not in (RAW_DATA, EXTERNAL_DATA, DATA_LOCATION)
        ]
        return b"".join([*kept, delimited(RAW_DATA, data[start : start + length])])


def _entry(message: memoryview) -> tuple[str, str]:
    """Key and value of a StringStringEntryProto."""
    texts = {field.number: bytes(field.body).decode() for field in fields(message)}
    return texts.get(1, ""), texts.get(2, "")
