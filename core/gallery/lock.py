"""The gallery's data key, and the proof that a key from a store is this gallery's."""

import hmac
from collections.abc import Mapping

from core.errors import GalleryTamperedError, KeysWrongError, SealBrokenError
from core.security.sealing import bind, keyed_digest, new_key, seal, unseal

WRAPPED_KEY = "wrapped_data_key"
KEY_CHECK = "key_check"
KEY_PLACE = "key_place"
_DATA_KEY = bind("meta", "data key")


def lock_facts(key: bytes, place: str) -> dict[str, bytes]:
    """What a new gallery remembers: a new data key under `key`, and where that lies in words."""
    return {
        WRAPPED_KEY: seal(key, new_key(), _DATA_KEY),
        KEY_CHECK: keyed_digest(key, "key check"),
        KEY_PLACE: place.encode(),
    }


def unlock(facts: Mapping[str, bytes], key: bytes, place: str) -> bytes:
    """The data key.

    Args:
        place: Where `key` came from, in words.

    Raises:
        KeysWrongError: `key` belongs to another gallery.
        GalleryTamperedError: `key` is right, but the wrapped data key was altered.
    """
    try:
        return unseal(key, facts.get(WRAPPED_KEY, b""), _DATA_KEY)
    except SealBrokenError as error:
        if hmac.compare_digest(facts.get(KEY_CHECK, b""), keyed_digest(key, "key check")):
            raise GalleryTamperedError(row=f"meta/{WRAPPED_KEY}") from error
        raise KeysWrongError(store=place) from error


def key_place(facts: Mapping[str, bytes]) -> str:
    """Where the key was put when the gallery was made, in words."""
    return facts.get(KEY_PLACE, b"its place").decode(errors="replace")
