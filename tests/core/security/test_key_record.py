from pathlib import Path

import pytest

from core.errors import KeysUnavailableError
from core.security.key_record import (
    Argon2Cost,
    KeyFileRecord,
    KeyringRecord,
    PassphraseRecord,
    read_record,
    record_path,
    write_record,
)
from core.settings import Folders, locate_folders
from tests.fakes.files import is_private


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return locate_folders(tmp_path / "data")


PASSPHRASE = PassphraseRecord(Argon2Cost(bytes(16), 3, 4, 65536), bytes(60))


@pytest.mark.parametrize("record", [KeyringRecord("gallery-1"), KeyFileRecord(), PASSPHRASE])
def test_a_record_comes_back_as_it_was_written(
    folders: Folders, record: KeyringRecord | KeyFileRecord | PassphraseRecord
) -> None:
    write_record(folders, record)

    assert read_record(folders) == record


def test_no_file_is_no_record(folders: Folders) -> None:
    assert read_record(folders) is None


def test_a_record_replaces_the_former_one_and_leaves_nothing_beside_it(folders: Folders) -> None:
    write_record(folders, PASSPHRASE)
    write_record(folders, KeyFileRecord())

    assert read_record(folders) == KeyFileRecord()
    assert [path.name for path in folders.data.iterdir()] == ["key.json"]


def test_only_the_owner_may_read_a_record(folders: Folders) -> None:
    write_record(folders, PASSPHRASE)

    assert is_private(record_path(folders))


def test_a_draft_left_by_a_killed_process_is_no_obstacle(folders: Folders) -> None:
    folders.data.mkdir()
    (folders.data / "key.json.new").write_text("half a rec")

    write_record(folders, KeyFileRecord())

    assert read_record(folders) == KeyFileRecord()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 40,
        b"[]",
        b'{"place": "cloud"}',
        b'{"place": "file", "extra": 1}',
        b'{"place": "file", "version": 2}',
        b'{"place": "keyring", "entry": ""}',
        b'{"place": "file"' + b" " * 20_000 + b"}",
        b'{"a":' * 5_000,
        # Costs that would take all memory, or an hour.
        b'{"place": "passphrase", "cost": {"salt": "AAAAAAAAAAAAAAAAAAAAAA==", "iterations": 3,'
        b' "lanes": 4, "memory_kib": 1000000000}, "wrapped_key": "' + b"A" * 80 + b'"}',
    ],
    ids=lambda content: repr(content[:24]),
)
def test_a_damaged_record_is_named_and_left_alone(folders: Folders, content: bytes) -> None:
    folders.data.mkdir()
    record_path(folders).write_bytes(content)

    with pytest.raises(KeysUnavailableError, match=r"key\.json"):
        read_record(folders)

    assert record_path(folders).read_bytes() == content


def test_a_record_that_is_a_folder_cannot_be_read(folders: Folders) -> None:
    record_path(folders).mkdir(parents=True)

    with pytest.raises(KeysUnavailableError, match="cannot be read"):
        read_record(folders)


def test_a_folder_that_refuses_a_record_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")

    with pytest.raises(KeysUnavailableError, match="cannot be written"):
        write_record(locate_folders(tmp_path / "data"), KeyFileRecord())
