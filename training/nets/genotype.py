"""The cell of a PocketNet as data: which operation reads which state, for both kinds of cell.

Source numbers: 0 is the output of the cell before the last one, 1 that of the last one (both
preprocessed), 2–5 are this cell's own nodes 0–3. A node is the sum of its two edges.

Source: Boutros et al., PocketNet, IEEE Access 2022 (found by DARTS on CASIA-WebFace and CIFAR-10).
"""

from pathlib import Path
from typing import Literal, get_args

import msgspec

from training.errors import DataError

NODES = 4  # intermediate nodes of a cell; their outputs are concatenated
OWN_INPUTS = 2  # sources 0 and 1
MAX_GENOTYPE_BYTES = 64 * 1024  # a genotype is a few hundred bytes; more is no genotype

Operation = Literal[
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "dw_conv_3x3",
    "dw_conv_5x5",
    "dw_conv_7x7",
    "dw_conv_1x1",
    "none",
]

OPERATION_NAMES: tuple[Operation, ...] = get_args(Operation)
"""All eight, in the published order of a search's tables."""


class Edge(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One operation and the state it reads; in JSON `["dw_conv_3x3", 0]`."""

    operation: Operation
    source: int


CellNodes = tuple[tuple[Edge, Edge], ...]


class Genotype(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Both cells of a network.

    Attributes:
        normal: Nodes of the cells that keep the size.
        reduce: Nodes of the cells that halve it; edges from sources 0 and 1 have stride 2.
    """

    normal: CellNodes
    reduce: CellNodes

    def __post_init__(self) -> None:
        for kind, nodes in (("normal", self.normal), ("reduce", self.reduce)):
            if len(nodes) != NODES:
                raise ValueError(f"the {kind} cell has {len(nodes)} nodes, not {NODES}")
            for index, node in enumerate(nodes):
                if any(not 0 <= edge.source < index + OWN_INPUTS for edge in node):
                    raise ValueError(f"node {index} of the {kind} cell reads a later state")


def _nodes(*specs: tuple[Operation, int, Operation, int]) -> CellNodes:
    return tuple((Edge(one, a), Edge(other, b)) for one, a, other, b in specs)


CASIA = Genotype(
    normal=_nodes(
        ("dw_conv_3x3", 0, "dw_conv_1x1", 1),
        ("dw_conv_3x3", 2, "dw_conv_5x5", 0),
        ("dw_conv_3x3", 3, "dw_conv_3x3", 0),
        ("dw_conv_3x3", 4, "skip_connect", 0),
    ),
    reduce=_nodes(
        ("dw_conv_3x3", 1, "dw_conv_7x7", 0),
        ("skip_connect", 2, "dw_conv_5x5", 1),
        ("max_pool_3x3", 0, "skip_connect", 2),
        ("max_pool_3x3", 0, "max_pool_3x3", 1),
    ),
)
"""Searched on CASIA-WebFace; the cell of all four published PocketNets."""

CIFAR = Genotype(
    normal=_nodes(
        ("dw_conv_7x7", 0, "dw_conv_3x3", 1),
        ("dw_conv_1x1", 1, "dw_conv_1x1", 2),
        ("max_pool_3x3", 2, "dw_conv_7x7", 3),
        ("dw_conv_5x5", 4, "max_pool_3x3", 0),
    ),
    reduce=_nodes(
        ("max_pool_3x3", 0, "dw_conv_7x7", 1),
        ("max_pool_3x3", 0, "max_pool_3x3", 1),
        ("max_pool_3x3", 0, "max_pool_3x3", 2),
        ("max_pool_3x3", 0, "max_pool_3x3", 1),
    ),
)
"""Searched on CIFAR-10."""

GENOTYPES = {"casia": CASIA, "cifar": CIFAR}


def read_genotype(path: Path) -> Genotype:
    """A genotype from a JSON file `{"normal": [[["dw_conv_3x3", 0], …], …], "reduce": …}`.

    Raises:
        DataError: Unreadable, too large, or no valid genotype.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(path=path, reason=str(error)) from error
    return parse_genotype(data, path)


def parse_genotype(data: bytes, origin: Path) -> Genotype:
    """A genotype from its JSON.

    Args:
        origin: The file it comes from, for error messages.

    Raises:
        DataError: Too large, or no valid genotype.
    """
    if len(data) > MAX_GENOTYPE_BYTES:
        raise DataError(path=origin, reason="it is larger than any genotype")
    try:
        return msgspec.json.decode(data, type=Genotype)
    except msgspec.MsgspecError as error:
        raise DataError(path=origin, reason=f"it is no genotype ({error})") from error


def genotype_json(genotype: Genotype) -> bytes:
    """The JSON that `read_genotype` reads."""
    return msgspec.json.encode(genotype)
