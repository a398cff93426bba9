import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import SealBrokenError
from core.security.sealing import bind, keyed_digest, new_key, seal, unseal

KEY = bytes(range(32))


@settings(deadline=None)
@given(plain=st.binary(max_size=300), bound=st.binary(max_size=50))
def test_what_is_sealed_comes_back(plain: bytes, bound: bytes) -> None:
    assert unseal(KEY, seal(KEY, plain, bound), bound) == plain


@settings(deadline=None)
@given(plain=st.binary(max_size=40), data=st.data())
def test_any_flipped_bit_is_refused(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(seal(KEY, plain, b"row 1"))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8

    with pytest.raises(SealBrokenError):
        unseal(KEY, bytes(sealed), b"row 1")


@settings(deadline=None)
@given(plain=st.binary(max_size=40), data=st.data())
def test_bytes_cut_short_are_refused(plain: bytes, data: st.DataObject) -> None:
    sealed = seal(KEY, plain, b"")
    kept = data.draw(st.integers(0, len(sealed) - 1))

    with pytest.raises(SealBrokenError):
        unseal(KEY, sealed[:kept], b"")


def test_a_seal_opens_only_in_its_own_place() -> None:
    sealed = seal(KEY, b"template", bind("references", "1"))

    with pytest.raises(SealBrokenError):
        unseal(KEY, sealed, bind("references", "2"))


def test_a_seal_opens_only_under_its_own_key() -> None:
    with pytest.raises(SealBrokenError):
        unseal(new_key(), seal(KEY, b"template", b""), b"")


def test_equal_contents_look_different_when_sealed() -> None:
    assert seal(KEY, b"same", b"") != seal(KEY, b"same", b"")


PARTS = st.lists(st.text("a\x00", max_size=3), max_size=3)


@settings(deadline=None)
@given(first=PARTS, second=PARTS)
def test_different_places_never_share_their_associated_data(
    first: list[str], second: list[str]
) -> None:
    assert (bind(*first) == bind(*second)) == (first == second)


def test_a_keyed_digest_depends_on_key_purpose_and_text() -> None:
    digest = keyed_digest(KEY, "name", "anna")

    assert digest == keyed_digest(KEY, "name", "anna")
    assert len({digest, keyed_digest(new_key(), "name", "anna")}) == 2
    assert len({digest, keyed_digest(KEY, "note", "anna"), keyed_digest(KEY, "name", "bob")}) == 3


def test_new_keys_are_32_bytes_and_differ() -> None:
    assert len(new_key()) == 32
    assert new_key() != new_key()
