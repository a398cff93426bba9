"""Manifests: read strictly, people kept together."""

import gzip
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data.manifest import (
    COLUMNS,
    CropRow,
    is_held_out,
    manifest_bytes,
    one_crop_a_person,
    read_manifest,
    shard_names,
)
from training.errors import DataError

GOOD = "a/1.webp,a,ann,100,0.9,300,0.1,0.5,0.0,20"


def write(folder: Path, *lines: str, header: str = ",".join(COLUMNS)) -> Path:
    path = folder / "faces-00.csv.gz"
    path.write_bytes(gzip.compress("\n".join([header, *lines, ""]).encode()))
    return path


def row(identity: str, source: str = "a", file: str = "x", score: float = 0.9) -> CropRow:
    return CropRow(file, source, identity, 100, score, 300, 0, 0.5, 0, 20)


def test_rows_are_read_in_order_and_empty_numbers_are_not_a_number(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD, "a/2.webp,a,,,0.8,300,0.1,0.5,,20")

    rows = read_manifest(path)

    assert [row.file for row in rows] == ["a/1.webp", "a/2.webp"]
    assert rows[0].person == "a/ann"
    assert rows[1].person == ""
    assert rows[1].face_px != rows[1].face_px  # NaN


@pytest.mark.parametrize(
    ("lines", "header", "reason"),
    [
        ((GOOD, GOOD), ",".join(COLUMNS), "twice"),
        ((GOOD.replace("300", "sharp"),), ",".join(COLUMNS), "line 2"),
        ((GOOD,), "file,source", "columns"),
        (("a/1.webp,a",), ",".join(COLUMNS), "line 2"),
    ],
)
def test_a_bad_manifest_is_refused_in_words(
    lines: tuple[str, ...], header: str, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=reason):
        read_manifest(write(tmp_path, *lines, header=header))


def test_bytes_that_are_no_gzip_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "faces-00.csv.gz"
    path.write_bytes(b"file,source")

    with pytest.raises(DataError, match="no readable gzip"):
        read_manifest(path)


def test_releases_of_celeba_share_their_people() -> None:
    assert row("celeba_7", "celeba_tj").person == row("celeba_7", "celeba_shahar").person
    assert row("7", "twfy").person != row("7", "sports3k").person


def test_all_crops_of_a_person_are_held_out_or_none() -> None:
    rows = [row(f"celeba_{n}", source) for n in range(300) for source in ("celeba_tj", "celeba_x")]

    held = [is_held_out(each, 0.3) for each in rows]

    assert held[::2] == held[1::2]
    assert 60 < sum(held[::2]) < 120
    assert not any(is_held_out(row(""), 0.999) for _ in range(3))


def test_a_larger_share_holds_out_the_same_people_and_more() -> None:
    people = [row(str(n)) for n in range(200)]

    small = {each.person for each in people if is_held_out(each, 0.2)}
    large = {each.person for each in people if is_held_out(each, 0.4)}

    assert small < large


def test_the_best_detected_crop_stands_for_a_person() -> None:
    rows = [row("ann", score=0.7), row("bob"), row("ann", score=0.95), row("")]

    assert one_crop_a_person(rows) == (1, 2)


def test_a_folder_without_shards_is_refused(tmp_path: Path) -> None:
    (tmp_path / "faces-00.tar").touch()

    with pytest.raises(DataError, match="no shard"):
        shard_names(tmp_path)


@settings(max_examples=30, deadline=None)
@given(
    names=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), unique=True),
    number=st.integers(0, 99_999),
)
def test_what_is_written_is_read_back_whatever_it_is_called(
    names: list[str], number: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [CropRow(name, "here", name, number, 0.5, math.nan, -0.25, 0.5, 0, 20) for name in names]
    path = tmp_path_factory.mktemp("m") / "faces-00.csv.gz"
    path.write_bytes(manifest_bytes(rows))

    found = read_manifest(path)

    assert [(row.file, row.identity, row.yaw) for row in found] == [
        (name, name, -0.25) for name in names
    ]
    assert all(math.isnan(row.sharpness) for row in found)
    assert all(row.face_px == number for row in found)
