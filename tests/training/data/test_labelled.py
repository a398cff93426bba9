"""Labelled crops: labels from the data, people never split, whatever the source."""

from pathlib import Path

import numpy as np
import pytest

from core.opencv import cv2
from tests.training.data.records import image, write_records
from training.data.labelled import Labelled, open_labelled, split_people
from training.errors import DataError
from training.synth import draw_face, write_shard


def png(person: int, crop: int) -> bytes:
    return bytes(cv2.imencode(".png", draw_face(person, crop))[1])


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    write_shard(tmp_path / "shards", "s-0", range(4), 2)
    write_shard(tmp_path / "shards", "s-1", range(2, 6), 3)
    return tmp_path / "shards"


def assert_labels_fit(data: Labelled) -> None:
    """Each crop is one that was drawn for the person of its label."""
    for index, crop in enumerate(data.crops(np.arange(len(data)))):
        person = int(data.people[data.labels[index]].rsplit("/", 1)[-1])
        assert any(np.array_equal(crop, draw_face(person, n)) for n in range(3))


def test_people_of_several_shards_are_put_together(shards: Path, tmp_path: Path) -> None:
    data = open_labelled(shards, tmp_path / "cache")

    assert data.people == tuple(f"synth/0000{n}" for n in range(6))
    assert np.bincount(data.labels).tolist() == [2, 2, 5, 5, 3, 3]
    assert_labels_fit(data)


def test_people_with_few_crops_are_left_out_and_counted(shards: Path, tmp_path: Path) -> None:
    data = open_labelled(shards, tmp_path / "cache", fewest_crops=3)

    assert data.people == tuple(f"synth/0000{n}" for n in range(2, 6))
    assert data.labels.min() == 0
    assert data.left_out == {"of a person with fewer than 3": 4}
    assert_labels_fit(data)


def test_numbers_as_labels_keep_their_order(tmp_path: Path) -> None:
    payloads = [image(float(person), png(person, 0)) for person in (10, 9, 2, 10)]
    write_records(tmp_path / "train.rec", payloads, index=False)

    for source in (tmp_path, tmp_path / "train.rec"):
        data = open_labelled(source, tmp_path / "cache")

        assert data.people == ("2", "9", "10")
        assert data.labels.tolist() == [2, 1, 0, 2]
        assert_labels_fit(data)


def test_folders_are_read_as_people(tmp_path: Path) -> None:
    for person in range(3):
        (tmp_path / "f" / str(person)).mkdir(parents=True)
        (tmp_path / "f" / str(person) / "a.png").write_bytes(png(person, 1))

    data = open_labelled(tmp_path / "f", tmp_path / "cache")

    assert data.people == ("0", "1", "2")
    assert_labels_fit(data)


def test_no_person_is_on_both_sides_of_a_split(tmp_path: Path) -> None:
    write_shard(tmp_path / "s", "s", range(24), 2)
    data = open_labelled(tmp_path / "s", tmp_path / "cache")

    kept, held = split_people(data, 0.3)

    assert set(kept.people).isdisjoint(held.people)
    assert sorted(kept.people + held.people) == sorted(data.people)
    assert len(kept) + len(held) == len(data)
    assert 2 <= len(held.people) <= 14
    assert_labels_fit(held)


def test_who_is_held_out_does_not_depend_on_who_else_is_there(tmp_path: Path) -> None:
    write_shard(tmp_path / "s", "s", range(24), 1)
    data = open_labelled(tmp_path / "s", tmp_path / "cache")
    part = data.take(np.flatnonzero(data.labels < 12))

    _, held = split_people(data, 0.3)
    _, held_of_part = split_people(part, 0.3)

    assert set(held_of_part.people) == set(held.people) & set(part.people)


def test_rows_without_an_identity_are_counted(shards: Path, tmp_path: Path) -> None:
    import gzip  # noqa: PLC0415 - one test writes a manifest

    path = shards / "s-0.csv.gz"
    text = gzip.decompress(path.read_bytes()).decode().replace("synth,00001,", "synth,,")
    path.write_bytes(gzip.compress(text.encode()))

    data = open_labelled(shards, tmp_path / "cache")

    assert "synth/00001" not in data.people
    assert data.left_out == {"without an identity": 2}


def test_the_digest_follows_pictures_and_names(shards: Path, tmp_path: Path) -> None:
    first = open_labelled(shards, tmp_path / "one").digest
    same = open_labelled(shards, tmp_path / "two").digest
    write_shard(shards, "s-1", range(2, 7), 3)

    other = open_labelled(shards, tmp_path / "one").digest

    assert first == same
    assert first != other


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda p: p / "absent", "neither a folder"),
        (lambda p: p / "lfw.bin", "holds pairs"),
        (lambda p: p, "one for each person"),
    ],
)
def test_a_source_of_another_kind_is_refused_in_words(
    make: "object", reason: str, tmp_path: Path
) -> None:
    assert callable(make)
    with pytest.raises(DataError, match=reason):
        open_labelled(make(tmp_path), tmp_path / "cache")


def test_one_person_is_too_few(tmp_path: Path) -> None:
    write_shard(tmp_path / "s", "s", range(1), 3)

    with pytest.raises(DataError, match="3 usable crops of 1 people"):
        open_labelled(tmp_path / "s", tmp_path / "cache")


def test_two_record_files_in_one_folder_must_be_told_apart(tmp_path: Path) -> None:
    for name in ("a.rec", "b.rec"):
        write_records(tmp_path / name, [image(0.0, png(0, 0))])

    with pytest.raises(DataError, match="name one of them"):
        open_labelled(tmp_path, tmp_path / "cache")
