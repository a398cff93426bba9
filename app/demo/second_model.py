"""A second model for the demonstration, made on the spot: nothing is downloaded for it.

It is the shipped network with its numbers in another order, by one more node at the end of the
graph. To the gallery that is another model: its templates tell nothing beside those of the first,
and comparing across the two is refused. A cosine does not depend on the order, so every measured
operating point of the first holds for it exactly. Its answers are therefore known beforehand,
which is what a demonstration of the change needs; it is no better and no worse.

Source: field numbers from onnx.proto, IR version 10.
"""

import hashlib
from pathlib import Path

import msgspec
import numpy as np

from core.domain.model_card import ModelCard
from core.vision.packs import CARD_FILE, MODEL_FILE, ModelPack, dump_card, read_pack
from core.wire_format import Field, delimited, fields, number

NAME = "demo-second"
_GRAPH = 7  # ModelProto
_NODE, _INITIALIZER, _OUTPUT = 1, 5, 12  # GraphProto
_NODE_INPUT, _NODE_OUTPUT, _OP_TYPE, _ATTRIBUTE = 1, 2, 4, 5  # NodeProto
_DIMS, _DATA_TYPE, _TENSOR_NAME, _RAW_DATA = 1, 2, 8, 9  # TensorProto
_INT64 = 7  # TensorProto.DataType
_ATTRIBUTE_NAME, _ATTRIBUTE_INT, _ATTRIBUTE_TYPE = 1, 3, 20  # AttributeProto
_INT = 2  # AttributeProto.AttributeType
_ORDER, _BEFORE = b"demo_order", b"demo_before_order"


def make_second_model(first: ModelPack, models_dir: Path) -> ModelPack:
    """Write the pack into a folder of packs.

    Args:
        first: Any recogniser.
        models_dir: Made if absent; thrown away with the demonstration.

    Raises:
        VisionError: The first one's weights cannot be read.
    """
    weights = reordered(first.read_model(), first.card.embedding_size)
    card: ModelCard = msgspec.structs.replace(
        first.card,
        name=NAME,
        title=f"{first.card.title or first.name}, its numbers in another order",
        sha256=hashlib.sha256(weights).hexdigest(),
        origin=f"made by the demonstration from {first.name}",
    )
    folder = models_dir / NAME
    folder.mkdir(parents=True)
    (folder / MODEL_FILE).write_bytes(weights)
    (folder / CARD_FILE).write_bytes(dump_card(card))
    return read_pack(folder, built_in=False)


def reordered(model: bytes, size: int) -> bytes:
    """An ONNX model whose one output, `size` numbers, comes in the reverse order."""
    return b"".join(
        delimited(_GRAPH, _reordered_graph(field.body, size))
        if field.number == _GRAPH
        else bytes(field.whole)
        for field in fields(memoryview(model))
    )


def _reordered_graph(graph: memoryview, size: int) -> bytes:
    parts = list(fields(graph))
    output = next(_text(field.body, 1) for field in parts if field.number == _OUTPUT)
    rewritten = [
        delimited(_NODE, _renamed(field, output)) if field.number == _NODE else bytes(field.whole)
        for field in parts
    ]
    # Nodes stand in the order of their running, and fields of one number keep theirs.
    return b"".join(
        [*rewritten, delimited(_NODE, _gather(output)), delimited(_INITIALIZER, _order(size))]
    )


def _renamed(node: Field, output: bytes) -> bytes:
    """The node; where it makes the graph's output, under another name."""
    return b"".join(
        delimited(_NODE_OUTPUT, _BEFORE)
        if field.number == _NODE_OUTPUT and bytes(field.body) == output
        else bytes(field.whole)
        for field in fields(node.body)
    )


def _gather(output: bytes) -> bytes:
    axis = (
        delimited(_ATTRIBUTE_NAME, b"axis")
        + number(_ATTRIBUTE_INT, 1)
        + number(_ATTRIBUTE_TYPE, _INT)
    )
    return (
        delimited(_NODE_INPUT, _BEFORE)
        + delimited(_NODE_INPUT, _ORDER)
        + delimited(_NODE_OUTPUT, output)
        + delimited(_OP_TYPE, b"Gather")
        + delimited(_ATTRIBUTE, axis)
    )


def _order(size: int) -> bytes:
    reverse = np.arange(size - 1, -1, -1, dtype="<i8")
    return (
        number(_DIMS, size)
        + number(_DATA_TYPE, _INT64)
        + delimited(_TENSOR_NAME, _ORDER)
        + delimited(_RAW_DATA, reverse.tobytes())
    )


def _text(message: memoryview, wanted: int) -> bytes:
    return next(bytes(field.body) for field in fields(message) if field.number == wanted)
