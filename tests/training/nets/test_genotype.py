"""Cells as data: read, written, refused."""

import json
from pathlib import Path

import pytest

from training.errors import DataError
from training.nets.genotype import CASIA, GENOTYPES, genotype_json, read_genotype


@pytest.mark.parametrize("name", GENOTYPES)
def test_a_written_genotype_reads_back_equal(name: str, tmp_path: Path) -> None:
    path = tmp_path / "cell.json"
    path.write_bytes(genotype_json(GENOTYPES[name]))

    assert read_genotype(path) == GENOTYPES[name]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda tree: tree["normal"].pop(), "3 nodes"),
        (lambda tree: tree["normal"][0][0].__setitem__(1, 2), "reads a later state"),
        (lambda tree: tree["reduce"][0][0].__setitem__(0, "conv_9x9"), "conv_9x9"),
        (lambda tree: tree.__setitem__("extra", 1), "extra"),
    ],
)
def test_a_wrong_cell_is_refused_in_words(spoil, reason: str, tmp_path: Path) -> None:
    tree = json.loads(genotype_json(CASIA))
    spoil(tree)
    path = tmp_path / "cell.json"
    path.write_text(json.dumps(tree))

    with pytest.raises(DataError, match=reason):
        read_genotype(path)


def test_a_missing_or_huge_file_is_refused(tmp_path: Path) -> None:
    huge = tmp_path / "huge.json"
    huge.write_bytes(b" " * 70_000)

    with pytest.raises(DataError, match="larger than any genotype"):
        read_genotype(huge)
    with pytest.raises(DataError):
        read_genotype(tmp_path / "none.json")
