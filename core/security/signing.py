"""Ed25519 signatures over bytes that say what they are for."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.security.sealing import bind


def public_key_of(private_key: bytes) -> bytes:
    """The 32 bytes that signatures of a 32-byte private key are checked with."""
    return Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def sign(private_key: bytes, purpose: str, message: bytes) -> bytes:
    """64 bytes that only a holder of the private key can make for this purpose and message."""
    return Ed25519PrivateKey.from_private_bytes(private_key).sign(bind(purpose) + message)


def is_signed(public_key: bytes, purpose: str, message: bytes, signature: bytes) -> bool:
    """Whether the signature is over just this, by the owner of the public key."""
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(signature, bind(purpose) + message)
    except (InvalidSignature, ValueError):  # ValueError: no point of the curve
        return False
    return True
