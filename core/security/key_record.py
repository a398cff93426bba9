"""The small file beside the gallery that says where its key lies.

It holds no key in the clear: an entry's name for the key ring; salt, cost and the wrapped key for
a passphrase; nothing for a key file. It travels with the data folder, so a copied folder still
finds its key.
"""

import os
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from core.errors import KeysUnavailableError
from core.settings import Folders

RECORD_NAME = "key.json"
KEY_FILE_NAME = "gallery.key"
MAX_BYTES = 16 * 1024  # a record is a few hundred bytes; anything longer is not one
PRIVATE_FILE = 0o600  # owner reads and writes, nobody else


class KeyringRecord(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="place", tag="keyring"
):
    """The key lies in the system's key ring under this entry."""

    entry: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    version: Literal[1] = 1


class KeyFileRecord(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="place",
    tag="file",
):
    """The key lies in a file, beside this one unless its path is absolute."""

    file: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)] = KEY_FILE_NAME
    version: Literal[1] = 1


class Argon2Cost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Salt and costs of Argon2id.

    The bounds keep an altered file from asking for all memory or an hour.
    """

    salt: Annotated[bytes, msgspec.Meta(min_length=16, max_length=64)]
    iterations: Annotated[int, msgspec.Meta(ge=1, le=20)]
    lanes: Annotated[int, msgspec.Meta(ge=1, le=16)]
    memory_kib: Annotated[int, msgspec.Meta(ge=1024, le=1024 * 1024)]


class PassphraseRecord(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="place",
    tag="passphrase",
):
    """The key, wrapped by what Argon2id makes of a passphrase.

    Attributes:
        former: Where the key goes back to when the gallery is unlocked; empty if the passphrase
            is there to stay.
    """

    cost: Argon2Cost
    wrapped_key: Annotated[bytes, msgspec.Meta(min_length=60, max_length=60)]
    former: Literal["", "keyring", "file"] = ""
    version: Literal[1] = 1


KeyRecord = KeyringRecord | KeyFileRecord | PassphraseRecord
_decoder: msgspec.json.Decoder[KeyRecord] = msgspec.json.Decoder(KeyRecord)


def record_path(folders: Folders) -> Path:
    """Where the record lies."""
    return folders.data / RECORD_NAME


def read_record(folders: Folders) -> KeyRecord | None:
    """The record; None where there is none.

    Raises:
        KeysUnavailableError: The record cannot be read or is not one.
    """
    path = record_path(folders)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise KeysUnavailableError(reason=f"'{path}' cannot be read ({error.strerror})") from error
    if len(raw) > MAX_BYTES:
        raise KeysUnavailableError(reason=f"'{path}' is damaged: it is far too long")
    return decode_record(raw, f"'{path}'")


def decode_record(raw: bytes, where: str) -> KeyRecord:
    """The record in `raw`.

    Args:
        where: It lies, in words.

    Raises:
        KeysUnavailableError: It is none.
    """
    try:
        return _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise KeysUnavailableError(reason=f"{where} is damaged: {error}") from error


def encode_record(record: KeyRecord) -> bytes:
    """The record as the file holds it."""
    return msgspec.json.format(msgspec.json.encode(record)) + b"\n"


def write_record(folders: Folders, record: KeyRecord) -> None:
    """Replace the record in one step.

    Raises:
        KeysUnavailableError: The folder refuses it; a former record is untouched.
    """
    write_private(record_path(folders), encode_record(record))


def write_private(path: Path, content: bytes) -> None:
    """Put a file with mode 0600 in place in one step, on the disk before this returns.

    Raises:
        KeysUnavailableError: The folder or disk refuses it; a former file is untouched.
    """
    draft = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)  # left by a run that was killed between these lines
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
            sync_folder(path.parent)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        reason = f"'{path}' cannot be written ({error.strerror})"
        raise KeysUnavailableError(reason=reason) from error


def sync_file(path: Path) -> None:
    """Put all of a file on the disk."""
    with path.open("r+b") as file:  # Windows syncs only what may be written
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut; Windows does so by itself."""
    if os.name == "nt":  # pragma: no cover - Windows only
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
