"""The table of alphas: which edges there are, what it mixes, how it is written down."""

import json
from pathlib import Path

import pytest
import torch

from training.errors import DataError
from training.nets.genotype import OPERATION_NAMES
from training.search.space import PLACES, Alphas, alphas_json, read_alphas


def test_a_cell_has_fourteen_edges_and_the_table_two_hundred_and_twenty_four_alphas() -> None:
    assert [(place.node, place.source) for place in PLACES] == [
        (0, 0), (0, 1),
        (1, 0), (1, 1), (1, 2),
        (2, 0), (2, 1), (2, 2), (2, 3),
        (3, 0), (3, 1), (3, 2), (3, 3), (3, 4),
    ]  # fmt: skip
    assert sum(parameter.numel() for parameter in Alphas().parameters()) == 224


def test_the_columns_stand_in_the_published_order() -> None:
    assert OPERATION_NAMES == (
        "max_pool_3x3", "avg_pool_3x3", "skip_connect", "dw_conv_3x3",
        "dw_conv_5x5", "dw_conv_7x7", "dw_conv_1x1", "none",
    )  # fmt: skip


def test_fresh_alphas_are_undecided_but_not_equal() -> None:
    torch.manual_seed(0)
    mixing = Alphas()()

    assert torch.allclose(mixing.normal, torch.full((14, 8), 1 / 8), atol=1e-3)
    assert mixing.normal.unique().numel() > 100
    assert not torch.equal(mixing.normal, mixing.reduce)


def test_a_written_table_reads_back_equal(tmp_path: Path) -> None:
    table = Alphas(("dw_conv_3x3", "none")).table()
    (tmp_path / "alphas.json").write_bytes(alphas_json(table))

    assert read_alphas(tmp_path / "alphas.json") == table


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda tree: tree["reduce"].pop(), "13 rows"),
        (lambda tree: tree["normal"][3].pop(), "not one number an operation"),
        (lambda tree: tree["operations"].__setitem__(0, "conv_9x9"), "conv_9x9"),
        (lambda tree: tree.__setitem__("extra", 1), "extra"),
    ],
)
def test_a_wrong_table_is_refused_in_words(spoil, reason: str, tmp_path: Path) -> None:
    tree = json.loads(alphas_json(Alphas().table()))
    spoil(tree)
    path = tmp_path / "alphas.json"
    path.write_text(json.dumps(tree))

    with pytest.raises(DataError, match=reason):
        read_alphas(path)


def test_a_missing_or_huge_file_is_refused(tmp_path: Path) -> None:
    huge = tmp_path / "huge.json"
    huge.write_bytes(b" " * 300_000)

    with pytest.raises(DataError, match="larger than any table"):
        read_alphas(huge)
    with pytest.raises(DataError):
        read_alphas(tmp_path / "none.json")
