from core.security.key_record import Argon2Cost
from core.security.passphrase import new_cost, stretch

QUICK = Argon2Cost(salt=b"sixteen bytes ok", iterations=1, lanes=1, memory_kib=1024)


def test_the_same_passphrase_at_the_same_cost_gives_the_same_key() -> None:
    assert stretch(QUICK, "words") == stretch(QUICK, "words")
    assert len(stretch(QUICK, "words")) == 32


def test_another_passphrase_salt_or_cost_gives_another_key() -> None:
    other_salt = Argon2Cost(salt=b"another 16 bytes", iterations=1, lanes=1, memory_kib=1024)
    dearer = Argon2Cost(salt=QUICK.salt, iterations=2, lanes=1, memory_kib=1024)
    keys = {
        stretch(QUICK, "words"),
        stretch(QUICK, "Words"),
        stretch(other_salt, "words"),
        stretch(dearer, "words"),
    }

    assert len(keys) == 4


def test_accents_and_bytes_that_are_no_text_are_taken() -> None:
    assert stretch(QUICK, "caf\u00e9") == stretch(QUICK, "cafe\u0301")
    assert len(stretch(QUICK, "caf\udce9")) == 32


def test_every_new_passphrase_has_a_salt_of_its_own() -> None:
    assert new_cost().salt != new_cost().salt
    assert new_cost().memory_kib >= 64 * 1024
