"""Synthetic faces: the same every time, people apart, found by the program's own detector."""

from pathlib import Path

import numpy as np
import pytest

from core.domain.frame import Frame
from core.vision.detect import open_detector
from core.vision.upright import plausible
from training.data.manifest import read_manifest
from training.data.pair_lists import read_pair_list
from training.synth import draw_face, draw_photo, main


def test_a_crop_is_the_same_every_time_and_differs_from_others() -> None:
    assert np.array_equal(draw_face(3, 1), draw_face(3, 1))
    assert not np.array_equal(draw_face(3, 1), draw_face(3, 2))
    assert not np.array_equal(draw_face(3, 1), draw_face(4, 1))
    assert draw_face(3, 1).shape == (128, 128, 3)


def test_the_command_writes_the_same_bytes_every_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert main([str(tmp_path / name), "--people", "4", "--crops", "2"]) == 0

    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == ["synth-00.csv.gz", "synth-00.tar", "synth-01.csv.gz", "synth-01.tar"]
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    rows = read_manifest(tmp_path / "one" / "synth-01.csv.gz")
    assert {row.person for row in rows} == {"synth/00002", "synth/00003"}


def test_the_detector_finds_one_plausible_face_in_most_photos() -> None:
    detector = open_detector()
    found = [
        detector.detect(Frame(draw_photo(person, shot))) for person in range(5) for shot in range(2)
    ]

    assert all(len(faces) == 1 for faces in found)
    assert sum(plausible(faces[0]) for faces in found) >= 9


def test_pairs_and_photos_are_of_people_whom_no_shard_holds(tmp_path: Path) -> None:
    pairs, photos = tmp_path / "pairs", tmp_path / "photos"

    code = main(
        [
            str(tmp_path / "s"), "--people", "2", "--crops", "2", "--pairs", str(pairs),
            "--pair-people", "10", "--photos", str(photos), "--photo-people", "1",
        ]
    )  # fmt: skip

    assert code == 0
    found = read_pair_list(pairs / "pairs.csv")
    assert (len(found.mated), int(found.mated.sum()), len(set(found.fold))) == (20, 10, 5)
    for fold in range(5):
        inside = found.fold == fold
        outside = set(found.people[found.left[~inside]]) | set(found.people[found.right[~inside]])
        assert outside.isdisjoint(found.people[found.left[inside]])
    held = {row.identity for row in read_manifest(tmp_path / "s/synth-00.csv.gz")}
    people = {folder.name for folder in (*pairs.iterdir(), *photos.iterdir()) if folder.is_dir()}
    assert held.isdisjoint(people)
    assert len(people) == 11


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    assert main([str(tmp_path / "s"), "--dry-run"]) == 0
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("wrong", [["--people", "1"], ["--crops", "0"], ["--people", "many"]])
def test_numbers_that_make_no_set_are_a_usage_error(wrong: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([str(tmp_path / "s"), *wrong])

    assert stopped.value.code == 2
