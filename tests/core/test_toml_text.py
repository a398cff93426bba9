"""What is written as TOML is read back by Python's own reader as it was."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.toml_text import to_toml

# Lone surrogates are no text that a file could hold.
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
LEAVES = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | TEXT
TREES = st.dictionaries(
    TEXT,
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=12,
    ),
    max_size=4,
)


@given(TREES)
def test_any_tree_comes_back(tree: dict[str, object]) -> None:
    assert tomllib.loads(to_toml(tree)) == tree


def test_a_document_reads_like_one_written_by_hand() -> None:
    text = to_toml({"name": "a", "run": {"seed": 1, "rate": 0.5}, "stages": [{"side": 48}]})

    assert text == 'name = "a"\n\n[run]\nseed = 1\nrate = 0.5\n\n[[stages]]\nside = 48\n'


def test_what_toml_cannot_say_is_an_error() -> None:
    with pytest.raises(TypeError, match="NoneType"):
        to_toml({"a": None})
