"""What a search writes down: epochs, the end when the cell is stable, files to go on with."""

import json
from pathlib import Path

import pytest
from PIL import Image

from training.nets.genotype import CASIA, Edge, Genotype, read_genotype
from training.search.history import History, same_cells, shares, write_cell
from training.search.space import PLACES, AlphaTable, read_alphas

NAMES = ("skip_connect", "dw_conv_3x3", "none")


def table(favourite: int) -> AlphaTable:
    """Every edge prefers one operation."""
    row = tuple(2.0 if column == favourite else 0.0 for column in range(len(NAMES)))
    rows = (row,) * len(PLACES)
    return AlphaTable(operations=NAMES, normal=rows, reduce=rows)  # type: ignore[arg-type]


def history(*favourites: int) -> History:
    found = History(NAMES, "probability")
    for favourite in favourites:
        found.add(table(favourite))
    return found


@pytest.mark.parametrize(
    ("favourites", "stable"), [((), 0), ((0,), 1), ((0, 1), 1), ((1, 0, 0, 0), 3), ((0, 0, 1), 1)]
)
def test_epochs_are_stable_since_the_cell_last_changed(
    favourites: tuple[int, ...], stable: int
) -> None:
    assert history(*favourites).stable_epochs() == stable


def test_a_search_is_settled_after_so_many_equal_epochs_and_never_for_none() -> None:
    found = history(1, 0, 0)

    assert found.is_settled(2)
    assert not found.is_settled(3)
    assert not found.is_settled(0)
    assert not history().is_settled(1)


def test_a_saved_history_goes_on(tmp_path: Path) -> None:
    saved = history(0, 1).tensors()
    found = History(NAMES, "probability")
    found.load(saved)
    found.add(table(1))

    assert (len(found), found.stable_epochs()) == (3, 2)
    assert found.table(1) == table(0)


def test_a_history_of_other_operations_is_refused() -> None:
    with pytest.raises(ValueError, match="other operations"):
        History(("skip_connect", "none"), "alpha").load(history(0).tensors())


def test_an_epoch_leaves_its_cell_its_alphas_a_picture_and_all_epochs(tmp_path: Path) -> None:
    found = history(0, 1)
    found.write(tmp_path)

    assert read_genotype(tmp_path / "genotype.json") == found.genotype(2)
    assert read_alphas(tmp_path / "alphas.json") == table(1)
    with Image.open(tmp_path / "cells" / "epoch-002.png") as picture:
        assert picture.width > 1000
    epochs = json.loads((tmp_path / "history.json").read_text())
    assert [epoch["epoch"] for epoch in epochs] == [1, 2]
    assert epochs[0]["genotype"]["normal"][0][0][0] == "skip_connect"
    assert 0 < epochs[0]["entropy_normal"] < 1.1


def test_the_curves_of_the_operations_are_drawn(tmp_path: Path) -> None:
    history(0, 1).draw(tmp_path)

    for kind in ("normal", "reduce"):
        with Image.open(tmp_path / f"operations-{kind}.png") as picture:
            assert picture.width > 500


def test_shares_are_the_weights_of_what_was_chosen(tmp_path: Path) -> None:
    genotype = write_cell(tmp_path, table(1), "probability", "cell", "cell.png")
    found = shares(table(1), genotype)

    assert len(found) == 16
    assert found["normal", 0, Edge("dw_conv_3x3", 1)] == pytest.approx(0.787, abs=1e-3)


def test_the_order_of_a_nodes_edges_makes_no_other_cell() -> None:
    turned = Genotype(
        normal=tuple((other, one) for one, other in CASIA.normal), reduce=CASIA.reduce
    )
    moved = Genotype(
        normal=((CASIA.normal[0][0], Edge("dw_conv_3x3", 1)), *CASIA.normal[1:]),
        reduce=CASIA.reduce,
    )

    assert same_cells(CASIA, turned)
    assert not same_cells(CASIA, moved)
