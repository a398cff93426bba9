"""Pickles are read without being run: plain values come back, everything else is refused."""

import contextlib
import os
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data.pickled import Made, PickleRefusedError, read_pickle

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None)
@given(value=PLAIN, protocol=st.integers(2, 5))
def test_plain_values_come_back_as_they_were(value: object, protocol: int) -> None:
    assert read_pickle(pickle.dumps(value, protocol)) == value


@settings(max_examples=40, deadline=None)
@given(value=st.binary(max_size=300), protocol=st.integers(3, 5))
def test_bytes_come_back_as_they_were(value: bytes, protocol: int) -> None:
    assert read_pickle(pickle.dumps(([value], [value]), protocol)) == ([value], [value])


def test_text_of_python_2_is_bytes() -> None:
    data = b"\x80\x02]q\x00(U\x03a\xffbT" + struct.pack("<i", 2) + b"\xd8\xfe" + b"e."

    assert read_pickle(data) == [b"a\xffb", b"\xd8\xfe"]


class Hostile:
    """What an attacker would put into a package."""

    def __init__(self, *call: object) -> None:
        self.call = call

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call[0], self.call[1:]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "hostile",
    [
        Hostile(os.system, "touch pwned"),
        Hostile(eval, "1"),
        Hostile(exec, "1"),
        Hostile(getattr, os, "system"),
        np.save,
        np.array([print], dtype=object),
    ],
    ids=["system", "eval", "exec", "getattr", "function", "object array"],
)
def test_what_would_run_something_is_refused_and_not_run(
    hostile: object, protocol: int, tmp_path: "os.PathLike[str]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        data = pickle.dumps([hostile], protocol)
    except (TypeError, pickle.PicklingError):
        pytest.skip("this object cannot be pickled in this protocol")

    with pytest.raises(PickleRefusedError):
        read_pickle(data)

    assert os.listdir(tmp_path) == []  # noqa: PTH208 - names are enough


@pytest.mark.parametrize(
    "value",
    [{"a": 1}, {1, 2}, 1.5, np.float64(1), range(3)],
    ids=["dict", "set", "float", "numpy float", "range"],
)
def test_kinds_that_no_package_needs_are_refused(value: object) -> None:
    if isinstance(value, np.float64):
        assert isinstance(read_pickle(pickle.dumps(value)), Made)  # a record, never a number
        return
    with pytest.raises(PickleRefusedError, match=r"uses|wants to run"):
        read_pickle(pickle.dumps(value))


def test_an_array_stays_a_record_of_its_making() -> None:
    made = read_pickle(pickle.dumps(np.arange(3, dtype=np.uint8), 2))

    assert isinstance(made, Made)
    assert made.maker == "array"


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=60))
def test_random_bytes_never_cause_anything_but_a_refusal(data: bytes) -> None:
    with contextlib.suppress(PickleRefusedError):
        read_pickle(data)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_cut_or_altered_pickle_never_causes_anything_but_a_refusal(data: st.DataObject) -> None:
    whole = pickle.dumps(([b"abc", np.arange(4, dtype=np.uint8)], [True, np.bool_(False)]), 4)
    at = data.draw(st.integers(0, len(whole) - 1))
    altered = whole[:at] + data.draw(st.binary(max_size=2)) + whole[at + 1 :]

    for variant in (whole[:at], altered):
        with contextlib.suppress(PickleRefusedError):
            read_pickle(variant)


def test_a_length_beyond_the_file_is_refused_at_once() -> None:
    data = b"\x80\x04\x8e" + struct.pack("<Q", 1 << 60) + b"x."

    with pytest.raises(PickleRefusedError, match="damaged"):
        read_pickle(data)


def test_a_list_that_holds_itself_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)

    with pytest.raises(PickleRefusedError, match="holds itself"):
        read_pickle(pickle.dumps(loop))
