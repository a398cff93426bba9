from unicodedata import is_normalized

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import NameInvalidError
from core.gallery.names import canonical_name, name_key


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Anna", "Anna"),
        ("  Anna\u00a0", "Anna"),
        ("A\u0301nna", "Ánna"),
        ("Anna Maria", "Anna Maria"),
        ("王小明", "王小明"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("👩‍👧", "👩‍👧"),
        ("[red]", "[red]"),
        ("-h", "-h"),
        ("a" * 200, "a" * 200),
    ],
)
def test_a_name_is_kept_composed_and_trimmed(text: str, name: str) -> None:
    assert canonical_name(text) == name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("  \u00a0 ", "empty"),
        ("\u200b\u200d", "empty"),
        ("a" * 201, "200"),
        ("An\nna", "cannot be shown"),
        ("Anna\x00", "cannot be shown"),
        ("\x1b[31mAnna", "cannot be shown"),
        ("Anna\udc80", "cannot be shown"),
        ("An\u2028na", "cannot be shown"),
        ("\u202eannA", "cannot be shown"),
    ],
)
def test_a_name_that_cannot_be_used_says_why(text: str, reason: str) -> None:
    with pytest.raises(NameInvalidError, match=reason):
        canonical_name(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Anna", "ANNA"), ("Ánna", "a\u0301NNA"), ("Straße", "STRASSE"), ("Σίσυφος", "ΣΊΣΥΦΟΣ")],
)
def test_names_that_differ_by_case_or_composition_are_the_same(one: str, other: str) -> None:
    assert name_key(canonical_name(one)) == name_key(canonical_name(other))


def test_names_that_differ_by_accent_are_not_the_same() -> None:
    assert name_key("Rene") != name_key("René")


@settings(deadline=None)
@given(st.text(max_size=210))
def test_any_text_becomes_a_stable_name_or_is_refused(text: str) -> None:
    try:
        name = canonical_name(text)
    except NameInvalidError:
        return

    assert canonical_name(name) == name
    assert is_normalized("NFC", name)
    assert 0 < len(name) <= 200
