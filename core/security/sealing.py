"""Sealing of bytes: encrypted, authenticated, and bound to where they belong.

AES-256-GCM with a fresh random nonce a seal. Random 96-bit nonces are safe for 2^32 seals under
one key (NIST SP 800-38D, 8.3); a subject has its own key, so none comes near.
"""

import hmac
import secrets
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import SealBrokenError

KEY_BYTES = 32  # AES-256
NONCE_BYTES = 12  # the only length GCM takes without hashing it first
TAG_BYTES = 16  # the full tag
_LENGTH_BYTES = 4  # of a part in the associated data


def new_key() -> bytes:
    """32 bytes from the operating system's generator."""
    return secrets.token_bytes(KEY_BYTES)


def bind(*parts: str) -> bytes:
    """Associated data that says where a sealed value belongs.

    Each part carries its length, so that no two lists of parts give the same bytes.
    """
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(_LENGTH_BYTES, "big") + part for part in encoded)


def seal(key: bytes, plain: bytes, bound: bytes) -> bytes:
    """`plain` encrypted under a 32-byte key; it opens only with the same `bound`.

    Returns:
        Nonce, ciphertext and tag, 28 bytes longer than `plain`.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def unseal(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    """What was sealed.

    Raises:
        SealBrokenError: The bytes were altered, cut short, bound to another place, or sealed
            under another key.
    """
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise SealBrokenError
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
    except InvalidTag as error:
        raise SealBrokenError from error


def keyed_digest(key: bytes, purpose: str, text: str = "") -> bytes:
    """32 bytes that only a holder of `key` can make from `text`; equal texts give equal bytes.

    HMAC-SHA-256 under a key of its own for each `purpose`, so that digests for one purpose say
    nothing about those for another.
    """
    purpose_key = hmac.digest(key, bind("pocketface", purpose), sha256)
    return hmac.digest(purpose_key, text.encode(), sha256)
