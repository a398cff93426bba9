"""A still picture, turned upright before it is analysed."""

import numpy as np
import pytest

from app.cli.looking import look_at, quarter_turns
from app.cli.specimen import specimen
from core.domain.frame import Frame
from core.pipeline import Parts
from core.vision.assess import VERIFY_LIMITS
from core.vision.detect import open_detector
from core.vision.track import Tracker
from tests.fakes.vision import ColourEmbedder


@pytest.fixture(scope="module")
def parts() -> Parts:
    return Parts(open_detector(), ColourEmbedder(), Tracker(), "largest", VERIFY_LIMITS)


def test_an_upright_picture_is_left_alone(parts, pictures) -> None:
    looked = look_at(pictures / "anna.png", parts)
    assert looked.quarter_turns == 0
    assert looked.notes == ()
    assert looked.analysis.embedding is not None


def test_a_picture_on_its_side_is_turned_and_said_to_be(parts, pictures) -> None:
    looked = look_at(pictures / "sideways.png", parts)
    assert looked.quarter_turns == 3
    assert looked.analysis.frame.width_px == 640
    assert looked.notes


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_turns_are_counted_counter_clockwise(turns: int) -> None:
    original = specimen(0)
    turned = Frame(np.ascontiguousarray(np.rot90(original.pixels, turns)))
    assert quarter_turns(original, turned) == turns


def test_another_picture_is_no_turn() -> None:
    assert quarter_turns(specimen(0), specimen(1)) == 0
