"""What is searched over: which operation each of a cell's fourteen possible edges carries.

Every edge mixes all operations, weighted by the softmax of its row of alphas. One table of alphas
serves all normal cells, another all reduction cells.

Source: Liu et al., DARTS, ICLR 2019; the operations are those of Boutros et al., PocketNet, 2022.
"""

from pathlib import Path
from typing import NamedTuple

import msgspec
import torch
from torch import Tensor, nn

from training.errors import DataError
from training.nets.genotype import NODES, OPERATION_NAMES, OWN_INPUTS, Operation

ALPHAS = "alphas"  # name of the alphas in a search's state and checkpoints
NONE: Operation = "none"
START_SPREAD = 1e-3  # of fresh alphas: small, so that the search begins undecided (DARTS)
MAX_TABLE_BYTES = 256 * 1024  # 224 numbers are about 5 kB


class Place(NamedTuple):
    """Where an edge lies: the node it ends in, and the state it reads (as in a genotype)."""

    node: int
    source: int


PLACES: tuple[Place, ...] = tuple(
    Place(node, source) for node in range(NODES) for source in range(node + OWN_INPUTS)
)
"""All edges of a cell, in the order of the table's rows."""


class Mixing(NamedTuple):
    """Weights of the operations on every edge: (14, operations), rows sum to 1."""

    normal: Tensor
    reduce: Tensor

    def detached(self) -> "Mixing":
        """The same numbers, through which no gradient reaches the alphas."""
        return Mixing(self.normal.detach(), self.reduce.detach())


class Alphas(nn.Module):
    """The architecture parameters.

    Args:
        operations: Columns of both tables.

    Attributes:
        normal: (14, operations), any real numbers.
        reduce: The same for reduction cells.
    """

    def __init__(self, operations: tuple[Operation, ...] = OPERATION_NAMES) -> None:
        super().__init__()
        self.operations = operations
        size = (len(PLACES), len(operations))
        self.normal = nn.Parameter(START_SPREAD * torch.randn(size))
        self.reduce = nn.Parameter(START_SPREAD * torch.randn(size))

    def forward(self) -> Mixing:
        """The weights the alphas stand for."""
        return Mixing(torch.softmax(self.normal, dim=1), torch.softmax(self.reduce, dim=1))

    def table(self) -> "AlphaTable":
        """A copy as plain numbers."""
        return AlphaTable(
            operations=self.operations,
            normal=_rows(self.normal),
            reduce=_rows(self.reduce),
        )


class AlphaTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Alphas as data, in JSON `{"operations": […], "normal": [[…], …], "reduce": [[…], …]}`.

    Attributes:
        operations: Names of the columns.
        normal: One row for each of `PLACES`.
        reduce: The same for reduction cells.
    """

    operations: tuple[Operation, ...]
    normal: tuple[tuple[float, ...], ...]
    reduce: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        for kind, rows in (("normal", self.normal), ("reduce", self.reduce)):
            if len(rows) != len(PLACES):
                raise ValueError(f"the {kind} table has {len(rows)} rows, not {len(PLACES)}")
            if any(len(row) != len(self.operations) for row in rows):
                raise ValueError(f"a row of the {kind} table has not one number an operation")


def read_alphas(path: Path) -> AlphaTable:
    """A table from its JSON file.

    Raises:
        DataError: Unreadable, too large, or no valid table.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(path=path, reason=str(error)) from error
    if len(data) > MAX_TABLE_BYTES:
        raise DataError(path=path, reason="it is larger than any table of alphas")
    try:
        return msgspec.json.decode(data, type=AlphaTable)
    except msgspec.MsgspecError as error:
        raise DataError(path=path, reason=f"it is no table of alphas ({error})") from error


def alphas_json(table: AlphaTable) -> bytes:
    """The JSON that `read_alphas` reads."""
    return msgspec.json.encode(table)


def _rows(values: Tensor) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(value) for value in row) for row in values.detach())
