"""The picture of a cell: readable by a program too, and different for a different cell."""

from pathlib import Path

import numpy as np
from PIL import Image

from training.nets.genotype import CASIA, Edge, Genotype
from training.search.picture import BOX_GAP_PX, STATES, draw_cells


def drawn(path: Path, genotype: Genotype, **more: object) -> np.ndarray:
    draw_cells(path, genotype, "Epoch 1", **more)  # type: ignore[arg-type]
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def pixels_of(picture: np.ndarray, state: int) -> int:
    """How much of a picture has the colour of a state."""
    return int((np.abs(picture - np.array(STATES[state])).sum(axis=2) < 90).sum())


def test_a_state_has_wires_to_where_it_is_read_and_none_otherwise(tmp_path: Path) -> None:
    node = (Edge("skip_connect", 0), Edge("dw_conv_3x3", 0))
    lonely = Genotype(normal=(node,) * 4, reduce=(node,) * 4)

    casia, none_read = drawn(tmp_path / "a.png", CASIA), drawn(tmp_path / "b.png", lonely)

    for state in (1, 2, 3, 4):
        assert pixels_of(casia, state) > pixels_of(none_read, state) > 0
    assert pixels_of(none_read, 0) > pixels_of(casia, 0)


def test_one_changed_operation_changes_its_box_alone(tmp_path: Path) -> None:
    changed = Genotype(
        normal=((Edge("dw_conv_5x5", 0), CASIA.normal[0][1]), *CASIA.normal[1:]),
        reduce=CASIA.reduce,
    )

    differs = (drawn(tmp_path / "a.png", CASIA) != drawn(tmp_path / "b.png", changed)).any(axis=2)

    rows = np.flatnonzero(differs.any(axis=1))
    assert 0 < len(rows) < BOX_GAP_PX


def test_weights_are_written_into_the_boxes(tmp_path: Path) -> None:
    edge = CASIA.reduce[2][0]
    plain = drawn(tmp_path / "a.png", CASIA)
    told = drawn(tmp_path / "b.png", CASIA, shares={("reduce", 2, edge): 0.2967})

    rows = np.flatnonzero((plain != told).any(axis=(1, 2)))
    assert 0 < len(rows) < BOX_GAP_PX
    assert rows.min() > plain.shape[0] / 2
