"""From a table of alphas to a cell: the strongest operation of the two strongest edges of a node.

Two rules compare edges. "probability" compares softmax weights, as DARTS does; "alpha" compares
the raw numbers, as PocketNet's search did. They differ where rows have different sums. Either way
`none` takes part in the softmax but is never chosen, and nothing limits how often an operation is.
"""

import math
from collections.abc import Sequence
from typing import Literal

from training.nets.genotype import NODES, CellNodes, Edge, Genotype
from training.search.space import NONE, PLACES, AlphaTable

Rule = Literal["probability", "alpha"]
EDGES_KEPT = 2  # of each node


def derive(table: AlphaTable, rule: Rule = "probability") -> Genotype:
    """The genotype a table stands for; each node lists its stronger edge first."""
    return Genotype(
        normal=_cell(table, table.normal, rule), reduce=_cell(table, table.reduce, rule)
    )


def probabilities(row: Sequence[float]) -> tuple[float, ...]:
    """Softmax of one edge's alphas."""
    highest = max(row)
    exponentials = [math.exp(value - highest) for value in row]
    total = sum(exponentials)
    return tuple(value / total for value in exponentials)


def mean_entropy(rows: Sequence[Sequence[float]]) -> float:
    """Of the edges' mixtures, in nats: ln(operations) when undecided, 0 when every edge is."""
    entropies = [-sum(p * math.log(p) for p in probabilities(row) if p > 0) for row in rows]
    return sum(entropies) / len(entropies)


def _cell(table: AlphaTable, rows: Sequence[Sequence[float]], rule: Rule) -> CellNodes:
    nodes = []
    for node in range(NODES):
        best = [
            _strongest(table, row, place.source, rule)
            for place, row in zip(PLACES, rows, strict=True)
            if place.node == node
        ]
        # sorted() is stable, so that of equal edges the one with the earlier source is kept.
        ranked = sorted(best, key=lambda pair: -pair[0])[:EDGES_KEPT]
        nodes.append((ranked[0][1], ranked[1][1]))
    return tuple(nodes)


def _strongest(
    table: AlphaTable, row: Sequence[float], source: int, rule: Rule
) -> tuple[float, Edge]:
    values = row if rule == "alpha" else probabilities(row)
    chosen = max(
        (column for column, name in enumerate(table.operations) if name != NONE),
        key=values.__getitem__,
    )
    return values[chosen], Edge(table.operations[chosen], source)
