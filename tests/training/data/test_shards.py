"""Shards: decoded once, counted, refused where damaged."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from training.data.shards import centre, open_shard
from training.errors import DataError
from training.synth import draw_face, write_shard


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    write_shard(tmp_path, "s", range(3), 2)
    return tmp_path


def test_crops_come_back_as_drawn_and_in_order(shard: Path, tmp_path: Path) -> None:
    opened = open_shard(shard, "s", tmp_path / "cache")

    assert [row.file for row in opened.rows][:3] == [f"synth/0000{n}_000.png" for n in range(3)]
    assert np.array_equal(opened.crops[4], draw_face(1, 1))
    assert opened.left_out == {}


def test_the_cache_serves_when_the_tar_is_gone(shard: Path, tmp_path: Path) -> None:
    first = open_shard(shard, "s", tmp_path / "cache")
    (shard / "s.tar").unlink()

    again = open_shard(shard, "s", tmp_path / "cache")

    assert np.array_equal(first.crops, again.crops)
    assert first.rows == again.rows


def test_what_is_left_out_is_counted_by_reason(shard: Path, tmp_path: Path) -> None:
    with tarfile.open(shard / "s.tar", "a") as archive:
        for name, data in (("extra.webp", b"x"), ("synth/00009_000.png", b"no picture")):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    other = tmp_path / "other"
    write_shard(other, "s", range(10), 1)
    (shard / "s.csv.gz").write_bytes((other / "s.csv.gz").read_bytes())

    opened = open_shard(shard, "s", tmp_path / "cache")

    assert len(opened.rows) == 3
    assert opened.left_out == {
        "without a row": 4,
        "unreadable or of another size": 1,
        "row without a picture": 7,
    }


def test_a_changed_manifest_is_decoded_again(shard: Path, tmp_path: Path) -> None:
    open_shard(shard, "s", tmp_path / "cache")
    write_shard(shard, "s", range(2), 2)

    assert len(open_shard(shard, "s", tmp_path / "cache").rows) == 4


def test_bytes_that_are_no_tar_are_refused(shard: Path, tmp_path: Path) -> None:
    (shard / "s.tar").write_bytes(b"not a tar file" * 100)

    with pytest.raises(DataError, match="no readable tar"):
        open_shard(shard, "s", tmp_path / "cache")


def test_the_centre_leaves_eight_pixels_on_each_side() -> None:
    crops = np.arange(128 * 128 * 3, dtype=np.uint32).astype(np.uint8).reshape(1, 128, 128, 3)

    assert np.array_equal(centre(crops), crops[:, 8:120, 8:120])
