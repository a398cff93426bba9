"""RecordIO: byte for byte, also where a picture holds the magic number."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.data.records import MAGIC, frame, image, write_records
from training.data.recordio import RecordFile, read_index, starts_of, unpack
from training.errors import DataError

WHOLE = bytes.fromhex("0a23d7ce 05000000") + b"hello" + bytes(3)
SPLIT = bytes.fromhex("0a23d7ce 04000020") + b"head" + bytes.fromhex("0a23d7ce 03000060") + b"end\0"


def read_all(path: Path) -> list[bytes | None]:
    file = RecordFile(path)
    return [file.read(start)[0] for start in starts_of(file)]


def test_a_whole_record_is_read_without_its_padding(tmp_path: Path) -> None:
    (tmp_path / "a.rec").write_bytes(WHOLE + WHOLE)

    assert read_all(tmp_path / "a.rec") == [b"hello", b"hello"]


def test_the_magic_number_comes_back_between_two_parts(tmp_path: Path) -> None:
    (tmp_path / "a.rec").write_bytes(SPLIT + WHOLE)

    assert read_all(tmp_path / "a.rec") == [b"head" + MAGIC + b"end", b"hello"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from([MAGIC, b"abcd", b"x", b""]), max_size=6), max_size=5))
def test_whatever_holds_the_magic_number_comes_back(
    tmp_path_factory: pytest.TempPathFactory, records: list[list[bytes]]
) -> None:
    payloads = [b"p", *(b"".join(pieces) for pieces in records)]
    path = tmp_path_factory.mktemp("records") / "a.rec"

    for index in (True, False):
        write_records(path, payloads, index=index)
        assert read_all(path) == payloads


def test_a_damaged_record_is_none_and_the_next_one_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.rec"
    starts = write_records(path, [b"first", b"second" + bytes(20), b"third"], index=False)
    data = bytearray(path.read_bytes())
    data[starts[1] + 4 : starts[1] + 8] = b"\xff\xff\xff\x1f"  # longer than the file
    path.write_bytes(data)

    assert read_all(path) == [b"first", None, b"third"]


def test_a_file_that_ends_inside_a_record_loses_that_one_only(tmp_path: Path) -> None:
    path = tmp_path / "a.rec"
    write_records(path, [b"first", b"second"])
    path.write_bytes(path.read_bytes()[:-5])

    assert read_all(path) == [b"first", None]


def test_a_middle_part_without_a_first_one_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.rec"
    path.write_bytes(WHOLE + SPLIT[12:] + WHOLE)

    assert read_all(path) == [b"hello", None, b"hello"]


def test_one_label_stands_in_the_header_and_several_behind_it() -> None:
    one, several = unpack(image(7, b"jpeg")), unpack(image([9, 0.5], b"jpeg"))

    assert one is not None
    assert several is not None
    assert (one.person, one.picture) == (7, b"jpeg")
    assert (several.person, several.labels, several.picture) == (9, (9.0, 0.5), b"jpeg")


@pytest.mark.parametrize("label", [0.5, -1.0, float("nan"), float("inf")])
def test_a_label_that_is_no_whole_number_is_nobody(label: float) -> None:
    record = unpack(image(label, b"jpeg"))

    assert record is not None
    assert record.person is None


@pytest.mark.parametrize("record", [b"", b"short", image([1.0] * 3, b"")[:-5]])
def test_a_record_shorter_than_it_announces_is_none(record: bytes) -> None:
    assert unpack(record) is None


@pytest.mark.parametrize(
    "text",
    ["0\t0\n1 x\n", "0\t0\n-1\t5\n", "0\t0\n1\t2\t3\n", "0\t0\n1\t" + "9" * 9999, "0\t0\n²\t1"],
)
def test_a_bad_line_of_an_index_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.idx"
    path.write_text(text, encoding="latin-1")

    with pytest.raises(DataError, match=r"line 2|cannot be read"):
        read_index(path)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 a zip"])
def test_a_file_of_another_kind_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.rec").write_bytes(data)

    with pytest.raises(DataError, match=r"a\.rec"):
        RecordFile(tmp_path / "a.rec")


def test_the_writer_of_these_tests_pads_to_four_bytes() -> None:
    assert frame(b"hello") == WHOLE
    assert frame(b"head" + MAGIC + b"end") == SPLIT
