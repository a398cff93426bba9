"""What a gallery keeps about its keys, each under the one above it.

The gallery key, which lies elsewhere, wraps the data key; the data key wraps the keys of audit and
receipts. A copy of the record of where the gallery key lies is kept too, so that a gallery under a
passphrase needs nothing but its own file.
"""

import hmac
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.errors import GalleryTamperedError, KeysWrongError, SealBrokenError
from core.gallery.store import DATA_KEY_CHECK, Secrets, data_key_check
from core.security.sealing import bind, keyed_digest, new_key, seal, unseal

WRAPPED_KEY = "wrapped_data_key"
KEY_CHECK = "key_check"
KEY_PLACE = "key_place"
KEY_RECORD = "key_record"
AUDIT_KEY = "audit_key"
SIGNING_KEY = "signing_key"
_DATA_KEY = bind("meta", "data key")


def new_secrets(gallery_key: bytes) -> Secrets:
    """All keys of a new gallery but the first."""
    return Secrets(gallery_key, new_key(), new_key(), _new_signing_key())


def lock_facts(secrets: Secrets, place: str, record: bytes | None) -> dict[str, bytes]:
    """What a gallery remembers of its keys.

    Args:
        place: Where the gallery key lies, in words.
        record: The file that says so; None where there is none.
    """
    facts = {
        WRAPPED_KEY: seal(secrets.gallery_key, secrets.data_key, _DATA_KEY),
        KEY_CHECK: keyed_digest(secrets.gallery_key, "key check"),
        KEY_PLACE: place.encode(),
        DATA_KEY_CHECK: data_key_check(secrets.data_key),
        AUDIT_KEY: seal(secrets.data_key, secrets.audit_key, bind("meta", AUDIT_KEY)),
        SIGNING_KEY: seal(secrets.data_key, secrets.signing_key, bind("meta", SIGNING_KEY)),
    }
    return facts if record is None else {**facts, KEY_RECORD: record}


def unlock(facts: Mapping[str, bytes], gallery_key: bytes, place: str) -> Secrets:
    """All keys; those that a gallery of the first schema lacks are new ones.

    Args:
        place: Where `gallery_key` came from, in words.

    Raises:
        KeysWrongError: `gallery_key` belongs to another gallery.
        GalleryTamperedError: It is right, but a wrapped key was altered.
    """
    data_key = open_data_key(facts, gallery_key, place)
    return Secrets(
        gallery_key,
        data_key,
        _open(facts, AUDIT_KEY, data_key) or new_key(),
        _open(facts, SIGNING_KEY, data_key) or _new_signing_key(),
    )


def open_data_key(facts: Mapping[str, bytes], gallery_key: bytes, place: str) -> bytes:
    """The data key alone; see `unlock`."""
    try:
        return unseal(gallery_key, facts.get(WRAPPED_KEY, b""), _DATA_KEY)
    except SealBrokenError as error:
        expected = keyed_digest(gallery_key, "key check")
        if hmac.compare_digest(facts.get(KEY_CHECK, b""), expected):
            raise GalleryTamperedError(row=f"meta/{WRAPPED_KEY}") from error
        raise KeysWrongError(store=place) from error


def key_place(facts: Mapping[str, bytes]) -> str:
    """Where the key was put, in words."""
    return facts.get(KEY_PLACE, b"its place").decode(errors="replace")


def _open(facts: Mapping[str, bytes], name: str, data_key: bytes) -> bytes | None:
    if name not in facts:
        return None
    try:
        return unseal(data_key, facts[name], bind("meta", name))
    except SealBrokenError as error:
        raise GalleryTamperedError(row=f"meta/{name}") from error


def _new_signing_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes_raw()
