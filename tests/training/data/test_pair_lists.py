"""Pair lists: LFW's layout and CSV, whatever writes them; bad lines refused by number."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest

from training.data.pair_lists import joined_by, read_pair_list
from training.errors import DataError

CSV = "a,b,same,fold\nann/1.png,ann/2.png,1,0\nann/1.png,bob/1.png,0,3\n"
LFW = "2\t1\nAnn\t1\t4\nAnn\t1\tBob\t2\nCem\t1\t2\nCem\t2\tDai\t11\n"


def write(folder: Path, text: str, name: str = "pairs.txt") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def named(path: Path, pictures: Path | None = None) -> list[tuple[str, str, bool, int]]:
    found = read_pair_list(path, pictures)
    return [
        (found.files[a], found.files[b], bool(same), int(fold))
        for a, b, same, fold in zip(found.left, found.right, found.mated, found.fold, strict=True)
    ]


def test_a_csv_is_read_as_it_stands(tmp_path: Path) -> None:
    assert named(write(tmp_path, CSV)) == [
        ("ann/1.png", "ann/2.png", True, 0),
        ("ann/1.png", "bob/1.png", False, 3),
    ]


def test_a_csv_may_leave_the_fold_out(tmp_path: Path) -> None:
    text = "a, b, same\r\nann/1.png, ann/2.png, 1\r\nann/1.png, bob/1.png, 0\r\n"

    assert [fold for *_, fold in named(write(tmp_path, text))] == [0, 0]


def test_lfw_names_pictures_by_person_and_number(tmp_path: Path) -> None:
    assert named(write(tmp_path, LFW)) == [
        ("Ann/Ann_0001.jpg", "Ann/Ann_0004.jpg", True, 0),
        ("Ann/Ann_0001.jpg", "Bob/Bob_0002.jpg", False, 0),
        ("Cem/Cem_0001.jpg", "Cem/Cem_0002.jpg", True, 1),
        ("Cem/Cem_0002.jpg", "Dai/Dai_0011.jpg", False, 1),
    ]


@pytest.mark.parametrize(
    "text",
    [
        LFW.replace("\n", "\r\n"),
        LFW.replace("\t", "    "),
        "\ufeff" + LFW,
        LFW.replace("\t", " \t ") + "\n\n",
    ],
    ids=["CRLF", "spaces", "mark", "tabs and spaces"],
)
def test_lists_written_by_other_systems_are_read_alike(text: str, tmp_path: Path) -> None:
    assert named(write(tmp_path, text)) == named(write(tmp_path, LFW, "plain.txt"))


def test_tabs_allow_names_with_spaces(tmp_path: Path) -> None:
    text = "Ann B\t1\t4\nAnn B\t1\tBob\t2\n"

    assert named(write(tmp_path, text))[0][0] == "Ann B/Ann B_0001.jpg"


@pytest.mark.parametrize("ending", [".png", ".webp", ".jpeg"])
def test_the_ending_is_that_of_the_file_there(ending: str, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    (pictures / "Ann").mkdir(parents=True)
    (pictures / f"Ann/Ann_0001{ending}").touch()

    assert named(write(tmp_path, LFW), pictures)[0][0] == f"Ann/Ann_0001{ending}"


def test_a_name_is_found_however_its_accents_are_written(tmp_path: Path) -> None:
    composed, apart = (unicodedata.normalize(form, "André") for form in ("NFC", "NFD"))
    (tmp_path / apart).mkdir()
    (tmp_path / apart / f"{apart}_0001.jpg").touch()
    text = f"{composed}\t1\t2\n{composed}\t1\tBob\t1\n"

    first = named(write(tmp_path, text))[0][0]

    assert (tmp_path / first).exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LFW.replace("Cem\t1\t2", "Cem\t1"), "line 4 is no pair"),
        (LFW.replace("Cem\t1\t2", "Cem\tone\t2"), "line 4 is no pair"),
        (LFW.replace("Cem\t1\t2", "Cem\t²\t2"), "line 4 is no pair"),
        (LFW.replace("\t", " ").replace("Cem", "Cem D"), "line 4 is no pair .tabs"),
        (LFW.replace("Cem\t1\t2", "../../etc\t1\t2"), "line 4 names a picture outside"),
        (LFW.replace("2\t1", "2\t2"), "announces 8 pairs, and it holds 4"),
        ("Ann\t1\t4\n", "both mated and non-mated"),
        ("", "both mated and non-mated"),
        (CSV.replace("1,0", "yes,0"), "line 2 is no pair"),
        (CSV.replace("0,3", "0,-3"), "line 3 is no pair"),
        (CSV.replace("0,3", "0"), "line 3 is no pair"),
        (CSV.replace("0,3", "0,3,4"), "line 3 is no pair"),
        (CSV.replace("ann/2.png", "/etc/passwd"), "line 2 names a picture outside"),
        (CSV.replace("ann/2.png", ""), "line 2 names a picture outside"),
        (CSV.replace("fold", "weight"), "columns are not"),
    ],
)
def test_a_bad_list_is_refused_by_line(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=reason):
        read_pair_list(write(tmp_path, text))


def test_text_that_is_not_utf8_is_refused_by_line(tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    path.write_bytes(b"Ann\t1\t4\nAnn\xff\t1\tBob\t2\n")

    with pytest.raises(DataError, match="line 2 is not UTF-8"):
        read_pair_list(path)


def test_a_folder_names_the_person_and_cfp_has_one_more(tmp_path: Path) -> None:
    text = "a,b,same\n1/frontal/1.jpg,1/profile/1.jpg,1\n1/frontal/1.jpg,2/profile/1.jpg,0\n"

    found = read_pair_list(write(tmp_path, text))

    assert found.people.tolist() == [0, 0, 1]


def test_where_folders_tell_nothing_mated_pairs_join_people(tmp_path: Path) -> None:
    text = "a,b,same\nall/1.jpg,all/2.jpg,1\nall/2.jpg,all/3.jpg,1\nall/1.jpg,all/9.jpg,0\n"

    found = read_pair_list(write(tmp_path, text))

    assert found.people[0] == found.people[1] == found.people[2]
    assert found.people[3] != found.people[0]


def test_groups_are_joined_through_others() -> None:
    left, right = np.array([0, 4, 2]), np.array([1, 2, 1])

    groups = joined_by(6, left, right)

    assert groups[0] == groups[1] == groups[2] == groups[4]
    assert len(set(groups.tolist())) == 3
