import logging
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring

from core.domain.key_change import KeyPlace
from core.errors import KeysDeniedError, KeysUnavailableError
from core.security import passphrase
from core.security.key_record import (
    Argon2Cost,
    KeyFileRecord,
    KeyringRecord,
    PassphraseRecord,
    read_record,
    record_path,
    write_record,
)
from core.security.key_store import (
    KeyFileStore,
    KeyringStore,
    PassphraseStore,
    choose_key_store,
    discard_key,
    has_key_record,
    key_notice,
    keyring_works,
    new_home,
    place_of,
)
from core.security.sealing import new_key
from core.settings import Folders, locate_folders
from tests.fakes.files import is_private
from tests.fakes.keyring_backends import (
    DictKeyring,
    LockedKeyring,
    PlainTextKeyring,
    RefusingKeyring,
    SwallowingKeyring,
)

KEY = bytes(range(32))


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return locate_folders(tmp_path / "data")


@pytest.fixture
def cheap_argon2(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least that the record allows; the cost itself has a test of its own."""
    monkeypatch.setattr(passphrase, "ITERATIONS", 1)
    monkeypatch.setattr(passphrase, "MEMORY_KIB", 1024)


@pytest.fixture
def system_keyring() -> Iterator[Callable[[KeyringBackend], None]]:
    """Puts a key ring in place of the machine's."""
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


def test_a_key_ring_returns_the_key_to_a_later_run(folders: Folders) -> None:
    backend = DictKeyring()
    KeyringStore(folders, backend).store(KEY)

    assert KeyringStore(folders, backend).load() == KEY


def test_two_galleries_share_one_key_ring(folders: Folders, tmp_path: Path) -> None:
    backend, elsewhere, other = DictKeyring(), locate_folders(tmp_path / "other"), new_key()
    KeyringStore(folders, backend).store(KEY)
    KeyringStore(elsewhere, backend).store(other)

    assert KeyringStore(folders, backend).load() == KEY
    assert KeyringStore(elsewhere, backend).load() == other


@pytest.mark.parametrize("backend", [NullKeyring(), SwallowingKeyring(), RefusingKeyring()])
def test_a_key_ring_that_swallows_the_key_is_found_out_and_not_remembered(
    folders: Folders, backend: KeyringBackend
) -> None:
    with pytest.raises(KeysUnavailableError):
        KeyringStore(folders, backend).store(KEY)

    assert read_record(folders) is None


def test_a_key_ring_that_lost_the_entry_has_no_key(folders: Folders) -> None:
    KeyringStore(folders, DictKeyring()).store(KEY)

    assert KeyringStore(folders, DictKeyring()).load() is None


def test_a_locked_key_ring_denies_the_key(folders: Folders) -> None:
    KeyringStore(folders, DictKeyring()).store(KEY)

    with pytest.raises(KeysDeniedError, match="locked"):
        KeyringStore(folders, LockedKeyring()).load()


def test_an_absent_key_ring_is_told_from_an_absent_key(folders: Folders) -> None:
    KeyringStore(folders, DictKeyring()).store(KEY)

    with pytest.raises(KeysUnavailableError, match="NoKeyringError"):
        KeyringStore(folders, FailKeyring()).load()


@pytest.mark.parametrize("text", ["", "not base 64!", "AAAA"])
def test_an_entry_that_is_no_key_is_refused(folders: Folders, text: str) -> None:
    backend = DictKeyring()
    KeyringStore(folders, backend).store(KEY)
    for entry in backend.entries:
        backend.entries[entry] = text

    with pytest.raises(KeysUnavailableError, match="no key"):
        KeyringStore(folders, backend).load()


def test_the_right_passphrase_returns_the_key(folders: Folders, cheap_argon2: None) -> None:
    PassphraseStore(folders, lambda: "Käse und Brot").store(KEY)

    assert PassphraseStore(folders, lambda: "Ka\u0308se und Brot").load() == KEY


def test_a_wrong_passphrase_is_denied(folders: Folders, cheap_argon2: None) -> None:
    PassphraseStore(folders, lambda: "right").store(KEY)

    with pytest.raises(KeysDeniedError, match="the passphrase is wrong"):
        PassphraseStore(folders, lambda: "Right").load()


def test_an_empty_passphrase_is_refused(folders: Folders) -> None:
    with pytest.raises(KeysDeniedError, match="empty"):
        PassphraseStore(folders, lambda: "").store(KEY)

    assert read_record(folders) is None


def test_nobody_to_ask_is_told_from_a_wrong_passphrase(
    folders: Folders, cheap_argon2: None
) -> None:
    PassphraseStore(folders, lambda: "right").store(KEY)

    with pytest.raises(KeysDeniedError, match="nobody here"):
        PassphraseStore(folders, None).load()


def test_nobody_is_asked_for_a_passphrase_that_was_never_set(folders: Folders) -> None:
    assert PassphraseStore(folders, None).load() is None


def test_the_record_of_a_passphrase_tells_neither_it_nor_the_key(
    folders: Folders, cheap_argon2: None
) -> None:
    PassphraseStore(folders, lambda: "open sesame").store(KEY)
    content = record_path(folders).read_bytes()

    assert b"open sesame" not in content
    assert KEY not in content
    assert "AAECAwQFBgcICQoLDA0ODw" not in content.decode()  # the key in base 64


def test_a_passphrase_costs_what_rfc_9106_recommends(folders: Folders) -> None:
    PassphraseStore(folders, lambda: "right").store(KEY)
    record = read_record(folders)

    assert isinstance(record, PassphraseRecord)
    assert record.cost == Argon2Cost(record.cost.salt, iterations=3, lanes=4, memory_kib=65536)
    assert len(record.cost.salt) == 16


def test_a_key_file_returns_the_key_and_is_the_owners_alone(folders: Folders) -> None:
    KeyFileStore(folders).store(KEY)

    assert KeyFileStore(folders).load() == KEY
    assert is_private(folders.data / "gallery.key")


def test_a_key_file_of_ones_own_choice_is_remembered(folders: Folders, tmp_path: Path) -> None:
    chosen = tmp_path / "stick" / "my.key"
    KeyFileStore(folders, chosen).store(KEY)

    assert KeyFileStore(folders).load() == KEY
    assert is_private(chosen)
    assert not (folders.data / "gallery.key").exists()
    chosen.rename(tmp_path / "elsewhere.key")
    assert KeyFileStore(folders).load() is None
    named = locate_folders(folders.data, tmp_path / "elsewhere.key")
    assert choose_key_store("auto", named, None).load() == KEY


@pytest.mark.parametrize("place", ["keyring", "passphrase", "file"])
def test_a_new_home_keeps_a_key_without_touching_the_present_one(
    folders: Folders,
    system_keyring: Callable[[KeyringBackend], None],
    cheap_argon2: None,
    place: KeyPlace,
) -> None:
    system_keyring(DictKeyring())
    KeyFileStore(folders).store(KEY)
    other = new_key()
    home = new_home(place, folders, lambda: "open sesame", None, None)

    record = home.keep(other)

    assert KeyFileStore(folders).load() == KEY
    assert place_of(home) == place
    write_record(folders, record)
    assert choose_key_store("auto", folders, lambda: "open sesame").load() == other


def test_no_new_home_in_a_key_ring_that_does_not_work(
    folders: Folders, system_keyring: Callable[[KeyringBackend], None]
) -> None:
    system_keyring(NullKeyring())

    with pytest.raises(KeysUnavailableError, match="no working key ring"):
        new_home("keyring", folders, None, None, None)


def test_a_former_key_is_destroyed_and_nothing_else(
    folders: Folders, system_keyring: Callable[[KeyringBackend], None], tmp_path: Path
) -> None:
    backend = DictKeyring()
    system_keyring(backend)
    entry = KeyringStore(folders, backend).keep(KEY)
    KeyringStore(folders, backend).keep(new_key())
    KeyFileStore(folders).store(KEY)
    letter = tmp_path / "letter.txt"
    letter.write_text("no key")

    assert discard_key(entry, folders, KEY)
    assert discard_key(read_record(folders), folders, KEY)
    discard_key(KeyFileRecord(str(letter)), folders, KEY)

    assert len(backend.entries) == 1
    assert not (folders.data / "gallery.key").exists()
    assert letter.exists()


def test_a_key_ring_that_refuses_to_forget_is_told(
    folders: Folders, system_keyring: Callable[[KeyringBackend], None]
) -> None:
    system_keyring(FailKeyring())

    assert not discard_key(KeyringRecord("gallery-1"), folders, KEY)


def test_a_key_file_is_never_replaced(folders: Folders) -> None:
    KeyFileStore(folders).store(KEY)

    with pytest.raises(KeysDeniedError, match="already"):
        KeyFileStore(folders).store(new_key())

    assert KeyFileStore(folders).load() == KEY


@pytest.mark.parametrize("content", [b"", b"\x00" * 32, b"A" * 2000, b"AAAA"])
def test_a_damaged_key_file_is_no_missing_key(folders: Folders, content: bytes) -> None:
    folders.data.mkdir()
    (folders.data / "gallery.key").write_bytes(content)

    with pytest.raises(KeysUnavailableError, match="a key file is no key"):
        KeyFileStore(folders).load()


def test_a_key_file_that_is_a_folder_is_denied(folders: Folders) -> None:
    (folders.data / "gallery.key").mkdir(parents=True)

    with pytest.raises(KeysDeniedError, match="cannot be read"):
        KeyFileStore(folders).load()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such modes")
def test_a_key_file_that_others_could_read_is_taken_back(
    folders: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    KeyFileStore(folders).store(KEY)
    (folders.data / "gallery.key").chmod(0o644)

    with caplog.at_level(logging.WARNING):
        assert KeyFileStore(folders).load() == KEY

    assert stat.S_IMODE((folders.data / "gallery.key").stat().st_mode) == 0o600
    assert "readable by others" in caplog.text


def test_only_a_key_file_has_a_notice_and_it_says_where_the_file_is(folders: Folders) -> None:
    notice = key_notice(KeyFileStore(folders))

    assert notice is not None
    assert str(folders.data / "gallery.key") in notice
    assert key_notice(PassphraseStore(folders, None)) is None
    assert key_notice(KeyringStore(folders, DictKeyring())) is None


@pytest.mark.parametrize(
    ("backend", "works"),
    [
        (DictKeyring(), True),
        (NullKeyring(), False),
        (FailKeyring(), False),
        (SwallowingKeyring(), False),
        (LockedKeyring(), False),
        (PlainTextKeyring(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_a_real_key_ring_works(backend: KeyringBackend, works: bool) -> None:
    assert keyring_works(backend) == works


def test_trying_a_key_ring_leaves_nothing_in_it() -> None:
    backend = DictKeyring()

    keyring_works(backend)

    assert backend.entries == {}


@pytest.mark.parametrize(
    ("backend", "kind"),
    [(DictKeyring(), KeyringStore), (NullKeyring(), KeyFileStore), (FailKeyring(), KeyFileStore)],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_auto_takes_the_key_ring_if_it_works_and_a_file_if_not(
    folders: Folders,
    system_keyring: Callable[[KeyringBackend], None],
    backend: KeyringBackend,
    kind: type[object],
) -> None:
    system_keyring(backend)

    assert isinstance(choose_key_store("auto", folders, None), kind)


def test_a_key_ring_that_was_asked_for_is_not_silently_replaced(
    folders: Folders, system_keyring: Callable[[KeyringBackend], None]
) -> None:
    system_keyring(NullKeyring())

    with pytest.raises(KeysUnavailableError, match="no working key ring"):
        choose_key_store("keyring", folders, None)


def test_passphrase_and_file_are_taken_as_asked(folders: Folders) -> None:
    assert isinstance(choose_key_store("passphrase", folders, None), PassphraseStore)
    assert isinstance(choose_key_store("file", folders, None), KeyFileStore)


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        (KeyringRecord("gallery-1"), KeyringStore),
        (KeyFileRecord(), KeyFileStore),
        (PassphraseRecord(Argon2Cost(bytes(16), 1, 1, 1024), bytes(60)), PassphraseStore),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_a_key_that_was_kept_once_stays_where_it_is(
    folders: Folders,
    record: KeyringRecord | KeyFileRecord | PassphraseRecord,
    kind: type[object],
) -> None:
    write_record(folders, record)

    for choice in ("auto", "keyring", "passphrase", "file"):
        assert isinstance(choose_key_store(choice, folders, None), kind)  # type: ignore[arg-type]


def test_a_key_file_whose_record_is_lost_still_counts(
    folders: Folders, system_keyring: Callable[[KeyringBackend], None]
) -> None:
    system_keyring(DictKeyring())
    KeyFileStore(folders).store(KEY)
    record_path(folders).unlink()

    assert choose_key_store("auto", folders, None).load() == KEY


def test_whether_a_passphrase_will_be_a_new_one_can_be_asked(
    folders: Folders, cheap_argon2: None
) -> None:
    assert not has_key_record(folders)

    PassphraseStore(folders, lambda: "right").store(KEY)

    assert has_key_record(folders)
