"""Tables of protocols: read fast, refused by line."""

from pathlib import Path

import pytest

from training.data.text_tables import read_lines, read_numbers
from training.errors import DataError


def write(folder: Path, data: bytes) -> Path:
    path = folder / "pairs.txt"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "data",
    [
        b"1 2 0\n3 4 1\n",
        b"1\t2\t0\r\n3\t4\t1\r\n",
        b"# note\n1  2 0\n\n3 4 1",
        b"\xef\xbb\xbf1 2 0\n3 4 1\n",
    ],
)
def test_numbers_are_read_however_they_are_parted(data: bytes, tmp_path: Path) -> None:
    assert read_numbers(write(tmp_path, data), 3).tolist() == [[1, 2, 0], [3, 4, 1]]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"1 2 0\nx 4 1\n", "line 2 holds something that is no whole number"),
        (b"1 2 0\n3 4 1.5\n", "line 2 holds something"),
        (b"1 2 0\n3 4\n", "line 2 has 2 columns"),
        (b"1 2\n3 4\n", "line 1 has 2 columns"),
        (b"1 2 99999999999999999999\n", "line 1 holds something"),
        (b"", "empty"),
        (b"1 2 0\n\xff\xff\n", "line 2 is not UTF-8"),
    ],
)
def test_a_bad_table_is_refused_by_line(data: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=reason):
        read_numbers(write(tmp_path, data), 3)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.txt"):
        read_numbers(tmp_path / "absent.txt", 3)
    with pytest.raises(DataError, match=r"absent\.txt"):
        list(read_lines(tmp_path / "absent.txt"))


def test_lines_keep_their_numbers(tmp_path: Path) -> None:
    path = write(tmp_path, "# list\n\nGrüße\n  b  \n".encode())

    assert list(read_lines(path)) == [(3, "Grüße"), (4, "b")]
