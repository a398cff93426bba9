"""Synthetic crops: the same every time, more alike within a person than between."""

from pathlib import Path

import numpy as np

from training.data.manifest import read_manifest
from training.synth import draw_face, main


def test_a_crop_is_the_same_every_time_and_differs_from_others() -> None:
    assert np.array_equal(draw_face(3, 1), draw_face(3, 1))
    assert not np.array_equal(draw_face(3, 1), draw_face(3, 2))
    assert draw_face(3, 1).shape == (128, 128, 3)


def test_the_command_writes_the_same_bytes_every_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        main([str(tmp_path / name), "--people", "4", "--crops", "2"])

    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == ["synth-00.csv.gz", "synth-00.tar", "synth-01.csv.gz", "synth-01.tar"]
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    rows = read_manifest(tmp_path / "one" / "synth-01.csv.gz")
    assert {row.person for row in rows} == {"synth/00002", "synth/00003"}
