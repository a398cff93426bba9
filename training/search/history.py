"""What a search has found so far: alphas by epoch, the cell they stand for, pictures, the end.

After each epoch the run folder holds `alphas.json`, `genotype.json`, `cells/epoch-NNN.png` and
`history.json` with all epochs so far.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import torch
from torch import Tensor

from training import plots
from training.data.shards import save_bytes
from training.nets.genotype import CellNodes, Edge, Genotype, genotype_json
from training.search.derive import Rule, derive, mean_entropy, probabilities
from training.search.picture import draw_cells
from training.search.space import PLACES, AlphaTable, alphas_json

ALPHAS, GENOTYPE, HISTORY, CELLS = "alphas.json", "genotype.json", "history.json", "cells"


class Epoch(msgspec.Struct, frozen=True, kw_only=True):
    """One line of history.json: what was there when an epoch ended."""

    epoch: int
    alphas: AlphaTable
    genotype: Genotype
    entropy_normal: float
    entropy_reduce: float


class History:
    """The alphas at the end of each epoch; saved with a run's state.

    Args:
        operations: Columns of the tables.
        rule: By which cells are read off.
    """

    def __init__(self, operations: Sequence[str], rule: Rule) -> None:
        self._operations = tuple(operations)
        self._rule = rule
        self._tables = torch.zeros(0, 2, len(PLACES), len(operations))

    def __len__(self) -> int:
        """Number of epochs."""
        return len(self._tables)

    def add(self, table: AlphaTable) -> None:
        """Note the alphas at the end of one more epoch."""
        new = torch.tensor([table.normal, table.reduce])
        self._tables = torch.cat([self._tables, new[None]])

    def tensors(self) -> dict[str, Tensor]:
        """Everything `load` needs, by name."""
        return {"tables": self._tables}

    def load(self, saved: Mapping[str, Tensor]) -> None:
        """Continue from what `tensors` returned.

        Raises:
            KeyError: It is missing.
            ValueError: It is of other operations.
        """
        tables = saved["tables"]
        if tables.shape[1:] != self._tables.shape[1:]:
            raise ValueError("the saved alphas are of other operations")
        self._tables = tables.clone()

    def table(self, epoch: int) -> AlphaTable:
        """The alphas when an epoch ended, counted from 1."""
        normal, reduce = self._tables[epoch - 1].tolist()
        return msgspec.convert(
            {"operations": self._operations, "normal": normal, "reduce": reduce}, AlphaTable
        )

    def genotype(self, epoch: int) -> Genotype:
        """The cell that an epoch's alphas stand for."""
        return derive(self.table(epoch), self._rule)

    def stable_epochs(self) -> int:
        """For how many epochs up to the last the cell has been the same, the last one included."""
        last = len(self)
        count = 0
        while count < last and same_cells(self.genotype(last - count), self.genotype(last)):
            count += 1
        return count

    def is_settled(self, epochs: int) -> bool:
        """Whether so many epochs in a row have ended with one cell; never for 0."""
        return 0 < epochs <= self.stable_epochs()

    def write(self, run: Path) -> None:
        """Write the files of the epoch that ended last."""
        last = len(self)
        (run / CELLS).mkdir(parents=True, exist_ok=True)
        write_cell(
            run, self.table(last), self._rule, f"Epoch {last}", f"{CELLS}/epoch-{last:03d}.png"
        )
        epochs = [self._epoch(number) for number in range(1, last + 1)]
        save_bytes(run / HISTORY, msgspec.json.encode(epochs))

    def draw(self, run: Path) -> None:
        """Draw the mean weight of every operation by epoch: RUN/operations-normal.png, -reduce."""
        weights = torch.softmax(self._tables, dim=3).mean(dim=2)
        epochs = [float(number) for number in range(1, len(self) + 1)]
        for number, kind in enumerate(("normal", "reduce")):
            lines = [
                plots.Series(name, epochs, weights[:, number, column].tolist())
                for column, name in enumerate(self._operations)
            ]
            plots.lines(
                run / f"operations-{kind}.png",
                lines,
                x_label="epoch",
                y_label="mean weight over the 14 edges",
                title=f"Operations of the {kind} cell",
            )

    def _epoch(self, number: int) -> Epoch:
        table = self.table(number)
        return Epoch(
            epoch=number,
            alphas=table,
            genotype=derive(table, self._rule),
            entropy_normal=mean_entropy(table.normal),
            entropy_reduce=mean_entropy(table.reduce),
        )


def write_cell(run: Path, table: AlphaTable, rule: Rule, title: str, picture: str) -> Genotype:
    """Write RUN/alphas.json, RUN/genotype.json and a picture of the cell they stand for.

    Args:
        picture: Path of the PNG inside the run folder.
    """
    genotype = derive(table, rule)
    save_bytes(run / ALPHAS, alphas_json(table))
    save_bytes(run / GENOTYPE, genotype_json(genotype))
    words = f"{title}: each operation with its weight in the mixture of its edge"
    draw_cells(run / picture, genotype, words, shares(table, genotype))
    return genotype


def same_cells(one: Genotype, other: Genotype) -> bool:
    """Whether two genotypes are the same network: the order of a node's two edges is not part."""
    return _unordered(one.normal) == _unordered(other.normal) and _unordered(
        one.reduce
    ) == _unordered(other.reduce)


def shares(table: AlphaTable, genotype: Genotype) -> dict[tuple[str, int, Edge], float]:
    """Weight of each chosen operation in its edge's mixture, by kind of cell, node and edge."""
    found = {}
    for kind, rows, nodes in (
        ("normal", table.normal, genotype.normal),
        ("reduce", table.reduce, genotype.reduce),
    ):
        for place, row in zip(PLACES, rows, strict=True):
            for edge in nodes[place.node]:
                if edge.source == place.source:
                    column = table.operations.index(edge.operation)
                    found[kind, place.node, edge] = probabilities(row)[column]
    return found


def _unordered(nodes: CellNodes) -> list[list[tuple[str, int]]]:
    return [sorted((edge.operation, edge.source) for edge in node) for node in nodes]
