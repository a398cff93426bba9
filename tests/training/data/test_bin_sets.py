"""Verification packages: pictures and pairs as written, hostile ones refused."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from core.opencv import cv2
from training.data.bin_sets import read_bin
from training.errors import DataError
from training.synth import draw_face

MATED = [True, False] * 5


def face(person: int, crop: int = 0) -> bytes:
    return bytes(cv2.imencode(".png", draw_face(person, crop)[8:120, 8:120])[1])


@pytest.fixture(scope="module")
def pictures() -> list[bytes]:
    """Ten pairs; the third pair's first picture is the first pair's."""
    found: list[bytes] = []
    for pair, mated in enumerate(MATED):
        found += [face(pair, 0), face(pair if mated else pair + 50, 1)]
    found[4] = found[0]
    return found


def write(path: Path, content: object, protocol: int = 4) -> Path:
    path.write_bytes(pickle.dumps(content, protocol))
    return path


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("as_array", [False, True])
def test_pictures_and_answers_come_back(
    pictures: list[bytes], protocol: int, as_array: bool, tmp_path: Path
) -> None:
    if protocol < 2 and as_array:
        pytest.skip("arrays are written by protocols from 2 on")
    items = [np.frombuffer(data, dtype=np.uint8) for data in pictures] if as_array else pictures
    answers = [np.bool_(value) for value in MATED] if as_array else MATED

    found = read_bin(write(tmp_path / "lfw.bin", (items, answers), protocol))

    assert found.mated.tolist() == MATED
    assert found.fold.tolist() == list(range(10))
    assert np.array_equal(found.crops[found.left[1]], draw_face(1, 0)[8:120, 8:120])
    assert np.array_equal(found.crops[found.right[0]], draw_face(0, 1)[8:120, 8:120])
    assert found.left_out == {}


def test_equal_pictures_are_one_and_join_their_people(
    pictures: list[bytes], tmp_path: Path
) -> None:
    found = read_bin(write(tmp_path / "lfw.bin", (pictures, MATED)))

    assert len(found.crops) == 19
    assert found.left[2] == found.left[0]
    assert found.people[found.right[2]] == found.people[found.right[0]]
    assert found.people[found.left[1]] != found.people[found.right[1]]


def test_damaged_pictures_are_black_and_counted(pictures: list[bytes], tmp_path: Path) -> None:
    small = bytes(cv2.imencode(".png", np.zeros((20, 20, 3), np.uint8))[1])
    content = ([*pictures[:17], b"no picture", small, pictures[19]], MATED)

    found = read_bin(write(tmp_path / "lfw.bin", content))

    assert found.left_out == {"damaged picture": 1, "picture of another size": 1}
    assert not found.crops[found.right[8]].any()
    assert found.crops[found.right[9]].any()


class Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch pwned",)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (([Hostile()], [True]), "wants to run '(posix|nt).system'"),
        (([b"a", b"b", b"c"], [True, False]), "2 pairs need 4 pictures; it holds 3"),
        (([b"a"] * 20, [True] * 10), "mated and non-mated"),
        (([b"a"] * 4, [True, False]), "at least 10"),
        (([b"a"] * 20, MATED), "not one of its pictures"),
        ({"a": 1}, "uses"),
        ([b"a"], "no pair of lists"),
        (([1] * 20, MATED), "a picture is no bytes"),
        (([np.arange(3.0)] * 20, MATED), "a picture is no bytes"),
        (([b"a"] * 20, [2] * 10), "neither true nor false"),
    ],
    ids=["hostile", "odd", "one class", "few", "no picture", "dict", "list", "int", "float", "two"],
)
def test_what_is_no_package_is_refused_in_words(
    content: object, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(DataError, match=reason):
        read_bin(write(tmp_path / "lfw.bin", content))

    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("data", [b"", b"\x80\x04", b"PK\x03\x04", b"." * 10])
def test_bytes_that_are_no_pickle_are_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "lfw.bin").write_bytes(data)

    with pytest.raises(DataError, match=r"lfw\.bin"):
        read_bin(tmp_path / "lfw.bin")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.bin"):
        read_bin(tmp_path / "absent.bin")
