"""Written shards are read back; a shard without its manifest is none."""

import math
from pathlib import Path

import numpy as np
import pytest

from training.data.manifest import CropRow, shard_names
from training.data.shard_writer import EncodedCrop, as_png, as_webp, save_shard
from training.data.shards import open_shard
from training.errors import DataError
from training.synth import draw_face


def crop(person: int, file: str) -> EncodedCrop:
    row = CropRow(file, "here", f"p{person}", 80.5, 0.9, 300, -0.2, 0.5, 0.1, math.nan)
    return EncodedCrop(row, as_png(draw_face(person, 0)))


def test_a_written_shard_is_read_back(tmp_path: Path) -> None:
    long_name = "here/" + "ü" * 120 + ".png"  # longer than old tar formats allow

    save_shard(tmp_path, "here-00", [crop(1, "here/a.png"), crop(2, long_name)])

    shard = open_shard(tmp_path, "here-00", tmp_path / "cache")
    assert [row.file for row in shard.rows] == ["here/a.png", long_name]
    assert shard.rows[0].person == "here/p1"
    assert (shard.rows[0].face_px, shard.rows[0].yaw) == (80.5, -0.2)
    assert math.isnan(shard.rows[0].chroma)
    assert np.array_equal(shard.crops[1], draw_face(2, 0))
    assert shard.left_out == {}


def test_the_same_crops_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save_shard(tmp_path / name, "s", [crop(1, "a.png")])

    for ending in ("tar", "csv.gz"):
        one, two = (tmp_path / name / f"s.{ending}" for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_a_tar_whose_manifest_was_not_written_yet_is_no_shard(tmp_path: Path) -> None:
    save_shard(tmp_path, "s", [crop(1, "a.png")])
    (tmp_path / "s.csv.gz").unlink()

    with pytest.raises(DataError, match="no shard"):
        shard_names(tmp_path)


def test_webp_loses_little_and_saves_much() -> None:
    face = draw_face(1, 1)
    from training.data.decoding import decode_whole  # noqa: PLC0415 - only this test decodes

    decoded = decode_whole(as_webp(face))

    assert decoded is not None
    assert np.abs(decoded.astype(float) - face).mean() < 4
    assert len(as_webp(face)) < len(as_png(face)) / 2
