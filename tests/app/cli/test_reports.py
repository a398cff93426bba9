"""Findings of `doctor` have three states and no other."""

import msgspec
import pytest

from app.cli.reports import Check


@pytest.mark.parametrize("state", ["good", "note", "bad"])
def test_a_check_is_good_a_note_or_bad(state: str) -> None:
    data = {"subject": "gallery", "state": state, "finding": "words"}
    assert msgspec.convert(data, Check).state == state


def test_another_state_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"subject": "x", "state": "unsure", "finding": ""}, Check)
