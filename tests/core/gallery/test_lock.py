import pytest

from core.errors import GalleryTamperedError, KeysWrongError
from core.gallery.lock import KEY_CHECK, WRAPPED_KEY, key_place, lock_facts, unlock
from core.security.sealing import new_key

KEY = bytes(range(32))
PLACE = "a key file"


def flipped(value: bytes) -> bytes:
    return value[:-1] + bytes([value[-1] ^ 1])


def test_the_right_key_opens_the_same_data_key_every_time() -> None:
    facts = lock_facts(KEY, PLACE)

    assert unlock(facts, KEY, PLACE) == unlock(facts, KEY, PLACE)


def test_no_two_galleries_share_a_data_key() -> None:
    assert unlock(lock_facts(KEY, PLACE), KEY, PLACE) != unlock(lock_facts(KEY, PLACE), KEY, PLACE)


def test_another_key_is_told_from_damage() -> None:
    facts = lock_facts(KEY, PLACE)

    with pytest.raises(KeysWrongError, match=PLACE):
        unlock(facts, new_key(), PLACE)
    with pytest.raises(GalleryTamperedError, match="meta/wrapped_data_key"):
        unlock({**facts, WRAPPED_KEY: flipped(facts[WRAPPED_KEY])}, KEY, PLACE)


def test_a_damaged_check_does_not_keep_the_right_key_out() -> None:
    facts = lock_facts(KEY, PLACE)

    assert unlock({**facts, KEY_CHECK: b""}, KEY, PLACE) == unlock(facts, KEY, PLACE)


def test_the_facts_tell_neither_key() -> None:
    facts = lock_facts(KEY, PLACE)

    assert all(unlock(facts, KEY, PLACE) not in value for value in facts.values())
    assert all(KEY not in value for value in facts.values())


def test_the_place_of_the_key_is_remembered_in_words() -> None:
    assert key_place(lock_facts(KEY, PLACE)) == PLACE
    assert key_place({}) == "its place"
