from core.security.signing import is_signed, public_key_of, sign

PRIVATE = bytes(range(32))


def test_a_signature_holds_for_its_purpose_message_and_key_only() -> None:
    public = public_key_of(PRIVATE)
    signature = sign(PRIVATE, "receipt", b"message")

    assert is_signed(public, "receipt", b"message", signature)
    assert not is_signed(public, "certificate", b"message", signature)
    assert not is_signed(public, "receipt", b"messagE", signature)
    assert not is_signed(public_key_of(bytes(32)), "receipt", b"message", signature)
    assert not is_signed(public, "receipt", b"message", signature[:-1] + b"\x00")


def test_what_is_no_key_or_signature_is_not_signed() -> None:
    signature = sign(PRIVATE, "receipt", b"message")

    assert not is_signed(b"short", "receipt", b"message", signature)
    assert not is_signed(public_key_of(PRIVATE), "receipt", b"message", b"short")
