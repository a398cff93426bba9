"""Sets opened from the command line's words."""

import pickle  # only writes what the restricted reader is given
from pathlib import Path

import numpy as np
import pytest

from core.errors import UsageError
from core.opencv import cv2
from training.errors import DataError
from training.evaluation.sets import open_set
from training.synth import draw_face


def write_pictures(folder: Path) -> None:
    for person in ("ann", "bob"):
        (folder / person).mkdir(parents=True)
        for number in (1, 2):
            crop = draw_face(len(person) + number, number)[8:120, 8:120]
            cv2.imwrite(str(folder / person / f"{person}_000{number}.png"), crop)


def test_a_csv_finds_its_pictures_beside_it(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    lines = ["a,b,same,fold", "ann/ann_0001.png,ann/ann_0002.png,1,0"]
    lines.append("ann/ann_0001.png,bob/bob_0001.png,0,1")
    (tmp_path / "pairs.csv").write_text("\n".join(lines) + "\n")

    found = open_set(f"toy={tmp_path / 'pairs.csv'}")

    assert found.name == "toy"
    assert found.comparisons.mated.tolist() == [True, False]
    assert isinstance(found.pictures.crop(0), np.ndarray)


def test_the_layout_of_lfw_finds_its_pictures_in_the_folder_behind_the_at(tmp_path: Path) -> None:
    write_pictures(tmp_path / "pictures")
    (tmp_path / "pairs.txt").write_text(
        "2\t1\nann\t1\t2\nann\t1\tbob\t2\nbob\t1\t2\nann\t2\tbob\t1\n"
    )

    found = open_set(f"lfw={tmp_path / 'pairs.txt'}@{tmp_path / 'pictures'}")

    assert found.comparisons.mated.tolist() == [True, False, True, False]
    assert found.comparisons.fold.tolist() == [0, 0, 1, 1]
    assert all(isinstance(found.pictures.crop(n), np.ndarray) for n in range(len(found.pictures)))


@pytest.mark.parametrize("text", ["pairs.csv", "=pairs.csv", "name="])
def test_a_set_without_a_name_or_a_file_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="NAME=FILE"):
        open_set(text)


def test_a_missing_list_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv"):
        open_set(f"toy={tmp_path / 'none.csv'}")


def test_a_bin_package_brings_its_crops(tmp_path: Path) -> None:
    pictures = []
    for number in range(40):
        crop = draw_face(number // 2, number)[8:120, 8:120]
        pictures.append(cv2.imencode(".png", crop)[1].tobytes())
    path = tmp_path / "set.bin"
    path.write_bytes(pickle.dumps((pictures, [True, False] * 10), protocol=2))

    found = open_set(f"set={path}")

    assert found.comparisons.mated.tolist() == [True, False] * 10
    assert isinstance(found.pictures.crop(3), np.ndarray)
