import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.wire_format import LENGTH, delimited, fields


@given(st.lists(st.tuples(st.integers(1, 2**20), st.binary(max_size=200)), max_size=5))
def test_what_was_written_is_read_back(written: list[tuple[int, bytes]]) -> None:
    message = b"".join(delimited(number, content) for number, content in written)

    found = [(field.number, bytes(field.body)) for field in fields(memoryview(message))]

    assert found == written


def test_every_kind_of_field_is_passed_over_correctly() -> None:
    number_300 = b"\x08\xac\x02"
    eight_bytes = b"\x11" + bytes(8)
    text = b"\x1a\x02hi"
    four_bytes = b"\x25" + bytes(4)

    found = list(fields(memoryview(number_300 + eight_bytes + text + four_bytes)))

    assert [field.number for field in found] == [1, 2, 3, 4]
    assert found[0].value == 300
    assert found[2].wire == LENGTH
    assert [bytes(field.whole) for field in found] == [number_300, eight_bytes, text, four_bytes]


@pytest.mark.parametrize(
    "message", [b"\x08", b"\x1a\x05hi", b"\x11\x00", b"\x08" + b"\xff" * 11, b"\x0b"]
)
def test_what_is_no_message_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"cut off|no ONNX file"):
        list(fields(memoryview(message)))
