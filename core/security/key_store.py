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
from typing import Final, TypeVar
from unicodedata import normalize

import keyring
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError, KeyringLocked

from core.errors import KeysDeniedError, KeysUnavailableError, SealBrokenError
from core.ports import KeyStore
from core.security.key_record import (
    PRIVATE_FILE,
    RECORD_NAME,
    Argon2Cost,
    KeyFileRecord,
    KeyringRecord,
    PassphraseRecord,
    read_record,
    write_private,
    write_record,
)
from core.security.sealing import KEY_BYTES, bind, seal, unseal
from core.settings import Folders, KeyStoreChoice

SERVICE = "pocketface"  # how a person finds the entry in the system's key ring
KEY_FILE_NAME = "gallery.key"
RECOMMENDED = 1.0  # keyring's own border; below it lie null, fail, an empty chain, plain text files
SALT_BYTES = 16
# RFC 9106, section 4, second recommended option: 64 MiB fits every machine this runs on and costs
# about a quarter of a second.
ARGON2_ITERATIONS = 3
ARGON2_LANES = 4
ARGON2_MEMORY_KIB = 64 * 1024
_WRAPPED = bind("pocketface", "gallery key", "passphrase")

Answer = TypeVar("Answer")

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

    def store(self, key: bytes) -> None:
        """Keep the key under a new entry; no older entry is touched."""
        entry = f"gallery-{secrets.token_hex(8)}"
        _put_and_prove(self._backend, entry, _encode(key))
        write_record(self._folders, KeyringRecord(entry))


class PassphraseStore:
    """A passphrase: the key is wrapped by what Argon2id makes of it.

    Args:
        ask_passphrase: Called once a load and once a store; None where nobody can be asked.
    """

    place: Final = "a passphrase"

    def __init__(self, folders: Folders, ask_passphrase: Callable[[], str] | None) -> None:
        self._folders = folders
        self._ask = ask_passphrase

    def load(self) -> bytes | None:
        """The key; None where none was ever wrapped. Asks only if there is one.

        Raises:
            KeysDeniedError: The passphrase is wrong, or nobody can be asked.
        """
        record = read_record(self._folders)
        if not isinstance(record, PassphraseRecord):
            return None
        return _unwrap(record, self._passphrase())

    def store(self, key: bytes) -> None:
        """Wrap the key, with a new salt, under a passphrase that is asked for here."""
        passphrase = self._passphrase()
        if not passphrase:
            raise KeysDeniedError(reason="an empty passphrase protects nothing")
        cost = Argon2Cost(
            salt=secrets.token_bytes(SALT_BYTES),
            iterations=ARGON2_ITERATIONS,
            lanes=ARGON2_LANES,
            memory_kib=ARGON2_MEMORY_KIB,
        )
        record = PassphraseRecord(cost, seal(_stretch(cost, passphrase), key, _WRAPPED))
        write_record(self._folders, record)
        kept = read_record(self._folders)
        _prove(kept == record and _unwrap(record, passphrase) == key, f"'{RECORD_NAME}'")

    def _passphrase(self) -> str:
        if self._ask is None:
            raise KeysDeniedError(
                reason="it needs a passphrase, and there is nobody here to ask for it"
            )
        # The same text typed on two systems may arrive composed or decomposed.
        return normalize("NFC", self._ask())


class KeyFileStore:
    """A file beside the gallery, readable by its owner only; the last resort."""

    place: Final = "a key file"

    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    @property
    def path(self) -> Path:
        """The file."""
        return self._folders.data / KEY_FILE_NAME

    @property
    def notice(self) -> str:
        """What is to be seen for as long as the key lies in a file."""
        return (
            f"The key of the gallery lies in a file ({self.path}): whoever can read your files "
            "can open the gallery. A system key ring or a passphrase protects it better."
        )

    def load(self) -> bytes | None:
        """The key; None where there is no such file."""
        try:
            with self.path.open("rb") as file:
                raw = file.read(1024)  # a key file is under a hundred bytes
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            reason = f"'{self.path}' cannot be read ({error.strerror})"
            raise KeysDeniedError(reason=reason) from error
        if os.name != "nt" and mode & 0o077:
            _log.warning("the key file was readable by others (mode %o); taking that back", mode)
            with contextlib.suppress(OSError):  # somebody else's file; reading it still works
                self.path.chmod(PRIVATE_FILE)
        return _decode(raw.decode("ascii", errors="replace").strip(), self.place)

    def store(self, key: bytes) -> None:
        """Write the key to a new file; one that is there is never replaced."""
        if self.path.exists():
            raise KeysDeniedError(reason=f"a key lies in '{self.path}' already")
        write_private(self.path, _encode(key).encode() + b"\n")
        _prove(self.load() == key, f"'{self.path}'")
        write_record(self._folders, KeyFileRecord())


def choose_key_store(
    choice: KeyStoreChoice, folders: Folders, ask_passphrase: Callable[[], str] | None
) -> KeyStore:
    """Where the key of the gallery in `folders` is, or where that of a new one will be.

    A key that was kept once stays where it is, whatever is chosen now. "auto" takes the system's
    key ring if it works, and a key file if not.

    Raises:
        KeysUnavailableError: The key ring was asked for and does not work, or the record of
            where the key lies is damaged.
    """
    record = read_record(folders)
    if isinstance(record, KeyringRecord):
        return KeyringStore(folders, keyring.get_keyring())
    if isinstance(record, PassphraseRecord):
        return PassphraseStore(folders, ask_passphrase)
    if isinstance(record, KeyFileRecord):
        return KeyFileStore(folders)
    return _new_key_store(choice, folders, ask_passphrase)


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
) -> KeyStore:
    if choice == "passphrase":
        return PassphraseStore(folders, ask_passphrase)
    key_file = KeyFileStore(folders)
    if choice == "file" or key_file.path.exists():
        return key_file
    backend = keyring.get_keyring()
    if keyring_works(backend):
        return KeyringStore(folders, backend)
    if choice == "keyring":
        raise KeysUnavailableError(
            reason="this system has no working key ring; choose a passphrase or a key file"
        )
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


def _stretch(cost: Argon2Cost, passphrase: str) -> bytes:
    derivation = Argon2id(
        salt=cost.salt,
        length=KEY_BYTES,
        iterations=cost.iterations,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    )
    # Bytes that were no text can reach a passphrase through the environment.
    return derivation.derive(passphrase.encode(errors="surrogateescape"))


def _unwrap(record: PassphraseRecord, passphrase: str) -> bytes:
    try:
        return unseal(_stretch(record.cost, passphrase), record.wrapped_key, _WRAPPED)
    except SealBrokenError as error:
        raise KeysDeniedError(reason="the passphrase is wrong") from error
