"""From a passphrase to a key: Argon2id, its costs kept beside what it protects."""

import secrets
from unicodedata import normalize

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from core.security.key_record import Argon2Cost
from core.security.sealing import KEY_BYTES

SALT_BYTES = 16  # as RFC 9106, section 3.1, recommends
# RFC 9106, section 4, second recommended option: 64 MiB fits every machine this runs on and costs
# about a quarter of a second.
ITERATIONS = 3
LANES = 4
MEMORY_KIB = 64 * 1024


def new_cost() -> Argon2Cost:
    """The costs for a new passphrase, with a new salt."""
    return Argon2Cost(
        salt=secrets.token_bytes(SALT_BYTES),
        iterations=ITERATIONS,
        lanes=LANES,
        memory_kib=MEMORY_KIB,
    )


def stretch(cost: Argon2Cost, passphrase: str) -> bytes:
    """32 bytes that only this passphrase gives at these costs, however its accents are typed."""
    derivation = Argon2id(
        salt=cost.salt,
        length=KEY_BYTES,
        iterations=cost.iterations,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    )
    # Bytes that were no text can reach a passphrase through the environment.
    return derivation.derive(normalize("NFC", passphrase).encode(errors="surrogateescape"))
