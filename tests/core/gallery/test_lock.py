import pytest

from core.errors import GalleryTamperedError, KeysWrongError
from core.gallery.lock import (
    AUDIT_KEY,
    KEY_CHECK,
    KEY_RECORD,
    SIGNING_KEY,
    WRAPPED_KEY,
    key_place,
    lock_facts,
    new_secrets,
    open_data_key,
    unlock,
)
from core.security.sealing import new_key

KEY = bytes(range(32))
PLACE = "a key file"
SECRETS = new_secrets(KEY)
FACTS = lock_facts(SECRETS, PLACE, b"record")


def flipped(value: bytes) -> bytes:
    return value[:-1] + bytes([value[-1] ^ 1])


def test_the_right_key_opens_all_keys() -> None:
    assert unlock(FACTS, KEY, PLACE) == SECRETS
    assert open_data_key(FACTS, KEY, PLACE) == SECRETS.data_key


def test_no_two_galleries_share_a_key() -> None:
    other = new_secrets(KEY)

    assert SECRETS.data_key != other.data_key
    assert SECRETS.audit_key != other.audit_key
    assert SECRETS.signing_key != other.signing_key


def test_a_gallery_of_the_first_schema_gets_the_keys_that_it_lacks() -> None:
    first = {name: FACTS[name] for name in (WRAPPED_KEY, KEY_CHECK)}

    opened = unlock(first, KEY, PLACE)

    assert opened.data_key == SECRETS.data_key
    assert len(opened.audit_key) == len(opened.signing_key) == 32


def test_another_key_is_told_from_damage() -> None:
    with pytest.raises(KeysWrongError, match=PLACE):
        unlock(FACTS, new_key(), PLACE)
    for name in (WRAPPED_KEY, AUDIT_KEY, SIGNING_KEY):
        with pytest.raises(GalleryTamperedError, match=f"meta/{name}"):
            unlock({**FACTS, name: flipped(FACTS[name])}, KEY, PLACE)


def test_a_wrapped_key_cannot_take_the_place_of_another() -> None:
    with pytest.raises(GalleryTamperedError, match=SIGNING_KEY):
        unlock({**FACTS, SIGNING_KEY: FACTS[AUDIT_KEY]}, KEY, PLACE)


def test_a_damaged_check_does_not_keep_the_right_key_out() -> None:
    assert unlock({**FACTS, KEY_CHECK: b""}, KEY, PLACE) == SECRETS


def test_the_facts_tell_no_key() -> None:
    keys = (KEY, SECRETS.data_key, SECRETS.audit_key, SECRETS.signing_key)

    assert [key for key in keys for value in FACTS.values() if key in value] == []


def test_the_place_of_the_key_is_remembered_in_words_and_as_a_record() -> None:
    assert key_place(FACTS) == PLACE
    assert key_place({}) == "its place"
    assert FACTS[KEY_RECORD] == b"record"
    assert KEY_RECORD not in lock_facts(SECRETS, PLACE, None)
