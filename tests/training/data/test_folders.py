"""People's folders: in order, one person each, twins refused."""

import os
import unicodedata
from pathlib import Path

import pytest

from training.data.folders import fingerprint, people_files, read_crop
from training.errors import DataError


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def test_people_and_files_come_in_the_order_people_count(tmp_path: Path) -> None:
    put(tmp_path, "person 10/1.jpg", "person 2/10.jpg", "person 2/9.jpg", "loose.jpg")

    found = [(file.person, file.path.name) for file in people_files(tmp_path)]

    assert found == [("person 2", "9.jpg"), ("person 2", "10.jpg"), ("person 10", "1.jpg")]


def test_a_folder_within_a_person_belongs_to_that_person(tmp_path: Path) -> None:
    put(tmp_path, "ann/frontal/1.jpg", "ann/profile/1.jpg", "bob/1.jpg")

    assert [file.person for file in people_files(tmp_path)] == ["ann", "ann", "bob"]


def test_hidden_and_system_files_are_passed_over(tmp_path: Path) -> None:
    put(tmp_path, "ann/1.jpg", "ann/.DS_Store", "ann/Thumbs.db", ".trash/1.jpg", "ann/.x/2.jpg")

    assert [file.path.name for file in people_files(tmp_path)] == ["1.jpg"]


@pytest.mark.parametrize(
    "twin", ["ann é".upper(), unicodedata.normalize("NFD", "Ann é")], ids=["case", "accents"]
)
def test_folders_that_differ_only_in_case_or_accents_are_refused(twin: str, tmp_path: Path) -> None:
    put(tmp_path, f"{unicodedata.normalize('NFC', 'Ann é')}/1.jpg", f"{twin}/1.jpg")
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this file system takes the two names for one")

    with pytest.raises(DataError, match="differ only in case"):
        people_files(tmp_path)


def test_a_name_that_is_not_utf8_is_shown_all_the_same(tmp_path: Path) -> None:
    try:
        os.mkdir(os.fsencode(tmp_path) + b"/ann\xff")  # noqa: PTH102 - Path takes no bytes
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    put(tmp_path / os.fsdecode(b"ann\xff"), "1.jpg")

    assert people_files(tmp_path)[0].person == "ann\ufffd"


def test_a_folder_without_people_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "1.jpg")

    with pytest.raises(DataError, match="one for each person"):
        people_files(tmp_path)


def test_what_is_no_small_regular_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(1024 * 1024 + 1))
    (tmp_path / "nowhere").symlink_to(tmp_path / "absent")

    assert read_crop(tmp_path / "large") is None
    assert read_crop(tmp_path / "nowhere") is None
    assert read_crop(tmp_path) is None


def test_a_changed_file_changes_the_fingerprint(tmp_path: Path) -> None:
    put(tmp_path, "ann/1.jpg", "bob/1.jpg")
    before = fingerprint(people_files(tmp_path))

    (tmp_path / "ann/1.jpg").write_bytes(b"longer")

    assert fingerprint(people_files(tmp_path)) != before
