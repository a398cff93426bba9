"""What a subject may be called."""

from unicodedata import category, normalize

from core.errors import NameInvalidError

MAX_CHARACTERS = 200  # longer than any name; keeps tables and windows readable
# Controls, lone surrogates (bytes that were no text), line and paragraph separators. Format
# characters stay: Persian and Hindi names need the zero-width joiners.
_REFUSED = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Marks that reorder what follows can make one name look like another.
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def canonical_name(text: str) -> str:
    """The name as it is kept: NFC, without space around it.

    Raises:
        NameInvalidError: Empty, longer than 200 characters, or with characters that cannot be
            shown.
    """
    if any(category(character) in _REFUSED or character in _REORDERING for character in text):
        raise NameInvalidError(reason="it holds characters that cannot be shown")
    name = normalize("NFC", text).strip()
    if not any(category(character)[0] in "LNPS" for character in name):
        raise NameInvalidError(reason="it is empty")
    if len(name) > MAX_CHARACTERS:
        raise NameInvalidError(
            reason=f"it has {len(name)} characters, and {MAX_CHARACTERS} is the limit"
        )
    return name


def plain_text(text: str) -> str:
    """`text` as any file can hold it: bytes of a file name that were no text become "?"."""
    return text.encode(errors="replace").decode()


def name_key(name: str) -> str:
    """Equal for names that differ by case or by how their accents are composed."""
    return normalize("NFC", normalize("NFD", name).casefold())
