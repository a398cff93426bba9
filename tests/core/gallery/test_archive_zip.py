import struct
import zipfile

import pytest

from core.gallery.archive_errors import ArchiveDamagedError, ArchiveForeignError, ArchiveUnsafeError
from core.gallery.archive_zip import open_zip

PART = "subjects/000001.json"


def _zip(path, *members: tuple[str, bytes]):
    with zipfile.ZipFile(path, "w") as archive:
        for name, raw in members:
            archive.writestr(zipfile.ZipInfo(name), raw)
    return path


def test_parts_are_read_by_name(tmp_path) -> None:
    with open_zip(_zip(tmp_path / "a", ("manifest.json", b"{}"), (PART, b"[]"))) as parts:
        assert parts.names == {"manifest.json", PART}
        assert parts.read(PART) == b"[]"


def test_a_part_that_is_missing_is_named(tmp_path) -> None:
    with (
        open_zip(_zip(tmp_path / "a", ("manifest.json", b"{}"))) as parts,
        pytest.raises(ArchiveDamagedError, match=PART),
    ):
        parts.read(PART)


def test_a_part_above_its_limit_is_not_read(tmp_path) -> None:
    with (
        open_zip(_zip(tmp_path / "a", (PART, bytes(100)))) as parts,
        pytest.raises(ArchiveUnsafeError, match="more than 99 bytes"),
    ):
        parts.read(PART, limit=99)


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "..\\evil.json",
        "subjects/1.json",
        "subjects/../audit.json",
        "C:evil",
        "a" * 999,
    ],
)
def test_names_that_belong_in_no_archive_are_refused(tmp_path, name: str) -> None:
    with (
        pytest.raises(ArchiveUnsafeError, match="belongs in no archive"),
        open_zip(_zip(tmp_path / "a", ("manifest.json", b"{}"), (name, b"[]"))),
    ):
        pass


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_part_that_is_there_twice_is_refused(tmp_path) -> None:
    with (
        pytest.raises(ArchiveUnsafeError, match="twice"),
        open_zip(_zip(tmp_path / "a", (PART, b"[]"), (PART, b"[1]"))),
    ):
        pass


def test_a_changed_byte_is_noticed(tmp_path) -> None:
    path = _zip(tmp_path / "a", (PART, b"[1234567890]"))
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"1234567890")] ^= 1
    path.write_bytes(raw)

    with open_zip(path) as parts, pytest.raises(ArchiveDamagedError, match=PART):
        parts.read(PART)


def test_a_size_that_is_a_lie_is_noticed(tmp_path) -> None:
    """The table says that a part is longer than the file."""
    path = _zip(tmp_path / "a", (PART, b"[]"))
    raw = bytearray(path.read_bytes())
    table = raw.index(b"PK\x01\x02")
    raw[table + 20 : table + 28] = struct.pack("<2L", 10**6, 10**6)
    path.write_bytes(raw)

    with open_zip(path) as parts, pytest.raises(ArchiveDamagedError):
        parts.read(PART)


def test_something_behind_the_archive_is_noticed(tmp_path) -> None:
    path = _zip(tmp_path / "a", (PART, b"[]"))
    path.write_bytes(path.read_bytes() + b"tail")

    with pytest.raises(ArchiveDamagedError, match="follows"), open_zip(path):
        pass


def test_a_folder_is_no_archive(tmp_path) -> None:
    with pytest.raises(ArchiveForeignError), open_zip(tmp_path):
        pass
