"""The three places where the gallery's key can live, and the choice between them.

Each store reads a new key back before it says that it is kept: a key ring without a working
backend takes everything and returns nothing, and what is sealed under a lost key is lost.
"""

import base64
import binascii
import contextlib
import logging
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, TypeVar

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError, KeyringLocked

from core.domain.key_change import KeyPlace
from core.errors import KeysDeniedError, KeyStoreError, KeysUnavailableError, SealBrokenError
from core.ports import KeyStore
from core.security.key_record import (
    KEY_FILE_NAME,
    PRIVATE_FILE,
    RECORD_NAME,
    KeyFileRecord,
    KeyRecord,
    KeyringRecord,
    PassphraseRecord,
    read_record,
    write_private,
    write_record,
)
from core.security.passphrase import new_cost, stretch
from core.security.sealing import KEY_BYTES, bind, seal, unseal
from core.settings import Folders, KeyStoreChoice

SERVICE = "pocketface"  # how a person finds the entry in the system's key ring
NO_KEYRING = "this system has no working key ring; choose a passphrase or a key file"
RECOMMENDED = 1.0  # keyring's own border; below it lie null, fail, an empty chain, plain text files
_WRAPPED = bind("pocketface", "gallery key", "passphrase")

Answer = TypeVar("Answer")
FormerPlace = Literal["", "keyring", "file"]

_log = logging.getLogger(__name__)


class KeyringStore:
    """The operating system's key ring.

    Args:
        backend: What `keyring.get_keyring()` found on this machine.
    """

    place: Final = "the system key ring"

    def __init__(self, folders: Folders, backend: KeyringBackend) -> None:
        self._folders = folders
        self._backend = backend

    def load(self) -> bytes | None:
        """The key; None where no entry is remembered or the key ring has lost it."""
        record = read_record(self._folders)
        if not isinstance(record, KeyringRecord):
            return None
        text = _ask_keyring(lambda: self._backend.get_password(SERVICE, record.entry))
        return None if text is None else _decode(text, self.place)

    def keep(self, key: bytes) -> KeyRecord:
        """Keep a key under a new entry; no older entry is touched, no record is written."""
        entry = f"gallery-{secrets.token_hex(8)}"
        _put_and_prove(self._backend, entry, _encode(key))
        return KeyringRecord(entry)

    def store(self, key: bytes) -> None:
        """Keep the key and remember where."""
        write_record(self._folders, self.keep(key))


class PassphraseStore:
    """A passphrase: the key is wrapped by what Argon2id makes of it.

    Args:
        ask_passphrase: Called once a load and once a store; None where nobody can be asked.
        former: Where the key goes back to when the gallery is unlocked; empty if nowhere.
    """

    place: Final = "a passphrase"

    def __init__(
        self,
        folders: Folders,
        ask_passphrase: Callable[[], str] | None,
        former: FormerPlace = "",
    ) -> None:
        self._folders = folders
        self._ask = ask_passphrase
        self._former: FormerPlace = former

    def load(self) -> bytes | None:
        """The key; None where none was ever wrapped. Asks only if there is one.

        Raises:
            KeysDeniedError: The passphrase is wrong, or nobody can be asked.
        """
        record = read_record(self._folders)
        if not isinstance(record, PassphraseRecord):
            return None
        return _unwrap(record, self._passphrase())

    def keep(self, key: bytes) -> KeyRecord:
        """Wrap the key, with a new salt, under a passphrase that is asked for here."""
        passphrase = self._passphrase()
        if not passphrase:
            raise KeysDeniedError(reason="an empty passphrase protects nothing")
        cost = new_cost()
        wrapped = seal(stretch(cost, passphrase), key, _WRAPPED)
        return PassphraseRecord(cost, wrapped, self._former)

    def store(self, key: bytes) -> None:
        """Wrap the key and remember it so."""
        record = self.keep(key)
        write_record(self._folders, record)
        _prove(read_record(self._folders) == record, f"'{RECORD_NAME}'")

    def _passphrase(self) -> str:
        if self._ask is None:
            raise KeysDeniedError(
                reason="it needs a passphrase, and there is nobody here to ask for it"
            )
        return self._ask()


class KeyFileStore:
    """A file readable by its owner only; the last resort.

    Args:
        path: Of a file that was chosen by hand; None for the one that is remembered, which lies
            beside the gallery unless one was chosen before.
    """

    place: Final = "a key file"

    def __init__(self, folders: Folders, path: Path | None = None) -> None:
        self._folders = folders
        self._chosen = None if path is None else path.absolute()

    @classmethod
    def beside(cls, folders: Folders) -> "KeyFileStore":
        """A new file beside the gallery, under a name that no other key has."""
        return cls(folders, folders.data / f"gallery-{secrets.token_hex(4)}.key")

    @property
    def path(self) -> Path:
        """The file."""
        if self._chosen is not None:
            return self._chosen
        record = read_record(self._folders)
        name = record.file if isinstance(record, KeyFileRecord) else KEY_FILE_NAME
        return self._folders.data / name

    @property
    def notice(self) -> str:
        """What is to be seen for as long as the key lies in a file."""
        return (
            f"The key of the gallery lies in a file ({self.path}): whoever can read your files "
            "can open the gallery. A system key ring or a passphrase protects it better."
        )

    def load(self) -> bytes | None:
        """The key; None where there is no such file."""
        path = self.path
        try:
            with path.open("rb") as file:
                raw = file.read(1024)  # a key file is under a hundred bytes
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            reason = f"'{path}' cannot be read ({error.strerror})"
            raise KeysDeniedError(reason=reason) from error
        if os.name != "nt" and mode & 0o077:
            _log.warning("the key file was readable by others (mode %o); taking that back", mode)
            with contextlib.suppress(OSError):  # somebody else's file; reading it still works
                path.chmod(PRIVATE_FILE)
        return _decode(raw.decode("ascii", errors="replace").strip(), self.place)

    def keep(self, key: bytes) -> KeyRecord:
        """Write the key to a new file; one that is there is never replaced."""
        path = self.path
        if path.exists():
            raise KeysDeniedError(reason=f"a key lies in '{path}' already")
        write_private(path, _encode(key).encode() + b"\n")
        _prove(KeyFileStore(self._folders, path).load() == key, f"'{path}'")
        beside = path.parent == self._folders.data.absolute()
        return KeyFileRecord(path.name if beside else str(path))

    def store(self, key: bytes) -> None:
        """Write the key and remember where."""
        write_record(self._folders, self.keep(key))


KeyHome = KeyringStore | PassphraseStore | KeyFileStore


def choose_key_store(
    choice: KeyStoreChoice,
    folders: Folders,
    ask_passphrase: Callable[[], str] | None,
) -> KeyHome:
    """Where the key of the gallery in `folders` is, or where that of a new one will be.

    A key that was kept once stays where it is, whatever is chosen now, unless its file is named by
    hand. "auto" takes the system's key ring if it works, and a key file if not.

    Raises:
        KeysUnavailableError: The key ring was asked for and does not work, or the record of
            where the key lies is damaged.
    """
    if folders.key_file is not None:
        return KeyFileStore(folders, folders.key_file)
    record = read_record(folders)
    if isinstance(record, KeyringRecord):
        return KeyringStore(folders, keyring.get_keyring())
    if isinstance(record, PassphraseRecord):
        return PassphraseStore(folders, ask_passphrase)
    if isinstance(record, KeyFileRecord):
        return KeyFileStore(folders)
    return _new_key_store(choice, folders, ask_passphrase)


def new_home(
    place: KeyPlace,
    folders: Folders,
    new_passphrase: Callable[[], str] | None,
    file: Path | None,
    former: KeyPlace | None,
) -> KeyHome:
    """Where another key of a gallery that exists is to be kept.

    Args:
        file: A key file that does not exist yet; None for a new one beside the gallery.
        former: Where the key goes back to when the passphrase is taken off again.

    Raises:
        KeysUnavailableError: This system has no working key ring.
    """
    if place == "passphrase":
        kept: FormerPlace = "" if former is None or former == "passphrase" else former
        return PassphraseStore(folders, new_passphrase, kept)
    if place == "file":
        return KeyFileStore.beside(folders) if file is None else KeyFileStore(folders, file)
    backend = keyring.get_keyring()
    if not keyring_works(backend):
        raise KeysUnavailableError(reason=NO_KEYRING)
    return KeyringStore(folders, backend)


def place_of(store: KeyStore) -> KeyPlace:
    """The kind of place in which a store keeps the key."""
    if isinstance(store, PassphraseStore):
        return "passphrase"
    return "keyring" if isinstance(store, KeyringStore) else "file"


def discard_key(record: KeyRecord | None, folders: Folders, key: bytes) -> bool:
    """Destroy a key that nothing needs any more; False where its place refused.

    What a passphrase wrapped goes with its record, and a file that holds anything else than `key`
    is left alone.
    """
    try:
        if isinstance(record, KeyringRecord):
            keyring.get_keyring().delete_password(SERVICE, record.entry)
        elif isinstance(record, KeyFileRecord):
            path = folders.data / record.file
            if KeyFileStore(folders, path).load() == key:
                path.unlink()
    except (KeyringError, KeyStoreError, OSError, RuntimeError) as error:
        _log.warning("a former key could not be removed: %s", type(error).__name__)
        return False
    return True


def has_key_record(folders: Folders) -> bool:
    """Whether a key was kept before, so that a passphrase asked for now is not a new one."""
    return read_record(folders) is not None


def key_notice(store: KeyStore) -> str | None:
    """What has to stay visible about where the key lies; None where nothing has to."""
    return store.notice if isinstance(store, KeyFileStore) else None


def keyring_works(backend: KeyringBackend) -> bool:
    """Whether the key ring is a real one and returns what it is given."""
    if backend.priority < RECOMMENDED:
        return False
    entry = f"probe-{secrets.token_hex(8)}"
    try:
        _put_and_prove(backend, entry, "probe")
        backend.delete_password(SERVICE, entry)
    except (KeysUnavailableError, KeysDeniedError, KeyringError, OSError, RuntimeError) as error:
        _log.info("the key ring does not work: %s", type(error).__name__)
        return False
    return True


def _new_key_store(
    choice: KeyStoreChoice, folders: Folders, ask_passphrase: Callable[[], str] | None
) -> KeyHome:
    if choice == "passphrase":
        return PassphraseStore(folders, ask_passphrase)
    key_file = KeyFileStore(folders)
    if choice == "file" or key_file.path.exists():
        return key_file
    backend = keyring.get_keyring()
    if keyring_works(backend):
        return KeyringStore(folders, backend)
    if choice == "keyring":
        raise KeysUnavailableError(reason=NO_KEYRING)
    return key_file


def _ask_keyring(request: Callable[[], Answer]) -> Answer:
    try:
        return request()
    except KeyringLocked as error:
        raise KeysDeniedError(reason="the system key ring is locked") from error
    except (KeyringError, OSError, RuntimeError) as error:
        reason = f"the system key ring failed ({type(error).__name__})"
        raise KeysUnavailableError(reason=reason) from error


def _put_and_prove(backend: KeyringBackend, entry: str, text: str) -> None:
    _ask_keyring(lambda: backend.set_password(SERVICE, entry, text))
    kept = _ask_keyring(lambda: backend.get_password(SERVICE, entry))
    _prove(kept == text, KeyringStore.place)


def _prove(kept: bool, place: str) -> None:  # noqa: FBT001 - the fact is the argument
    if not kept:
        raise KeysUnavailableError(reason=f"{place} did not keep what it was given")


def _encode(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _decode(text: str, place: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeysUnavailableError(reason=f"what lies in {place} is no key") from error
    if len(key) != KEY_BYTES:
        raise KeysUnavailableError(reason=f"what lies in {place} is no key")
    return key


def _unwrap(record: PassphraseRecord, passphrase: str) -> bytes:
    try:
        return unseal(stretch(record.cost, passphrase), record.wrapped_key, _WRAPPED)
    except SealBrokenError as error:
        raise KeysDeniedError(reason="the passphrase is wrong") from error
