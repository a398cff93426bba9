"""MegaFace's lists: texts or JSON, and which pictures are noise."""

import json
from pathlib import Path

import pytest

from training.data.megaface_lists import read_distractors, read_probes
from training.errors import DataError

PROBES = ["facescrub/Ann_B/Ann_B_1.png", "facescrub/Ann_B/Ann_B_2.png", "facescrub/Cem/Cem_7.png"]
DISTRACTORS = ["mega/100/200@N01/1_0.jpg", "mega/100/201@N02/1_0.jpg"]


def write(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    text = json.dumps(content) if name.endswith(".json") else "\n".join(map(str, content)) + "\n"  # type: ignore[call-overload]
    path.write_text(text)
    return path


def test_a_text_names_people_by_folders(tmp_path: Path) -> None:
    found = read_probes(write(tmp_path, "probes.txt", PROBES))

    assert found.files == tuple(PROBES)
    assert found.people.tolist() == [0, 0, 1]
    assert not found.noisy.any()


def test_json_names_people_itself(tmp_path: Path) -> None:
    content = {"path": ["1.png", "2.png", "3.png"], "id": ["b", "a", "b"]}

    assert read_probes(write(tmp_path, "probes.json", content)).people.tolist() == [1, 0, 1]


def test_noise_among_probes_is_named_by_file(tmp_path: Path) -> None:
    noise = write(tmp_path, "noise.txt", ["# noises of FaceScrub", "Ann_B_2.png", "Other_1.png"])

    found = read_probes(write(tmp_path, "probes.txt", PROBES), noise)

    assert found.noisy.tolist() == [False, True, False]


def test_noise_among_distractors_is_named_by_folder_and_file(tmp_path: Path) -> None:
    noise = write(tmp_path, "noise.txt", ["12\t100/201@N02/1_0.jpg"])

    found = read_distractors(write(tmp_path, "d.txt", DISTRACTORS), noise)

    assert found.noisy.tolist() == [False, True]


def test_a_list_of_noise_for_other_pictures_is_refused(tmp_path: Path) -> None:
    noise = write(tmp_path, "noise.txt", ["201@N02/9_0.jpg"])

    with pytest.raises(DataError, match="names none of the pictures"):
        read_distractors(write(tmp_path, "d.txt", DISTRACTORS), noise)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("p.txt", ["a/1.png", "../../etc/passwd"], "line 2 names a picture outside"),
        ("p.txt", ["/etc/passwd"], "line 1 names a picture outside"),
        ("p.txt", ["a/1.png", "a/2.png"], "at least two people"),
        ("p.txt", [""], "it names 0 pictures"),
        ("p.json", {"path": ["a", "b"], "id": ["a"]}, "2 pictures and 1 people"),
        ("p.json", {"path": "a"}, "no list of pictures"),
        ("p.json", [[[[]]]], "no list of pictures"),
        ("p.json", {"path": ["../a", "b"], "id": ["a", "b"]}, "line 1 names a picture outside"),
    ],
)
def test_a_bad_list_is_refused(name: str, content: object, reason: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=reason):
        read_probes(write(tmp_path, name, content))


def test_deeply_nested_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text('{"path": ' + "[" * 100_000 + "]" * 100_000 + "}")

    with pytest.raises(DataError, match="no list of pictures"):
        read_probes(path)
