"""Axes: every value inside, round numbers marked, and the places of both kinds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.plot_axis import MOST_TICKS, Axis, axis_around, in_short


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20))
def test_every_value_lies_between_the_ends(values: list[float]) -> None:
    axis = axis_around([values])

    assert axis.low < min(values)
    assert max(values) < axis.high
    assert ((axis.place(values) >= 0) & (axis.place(values) <= 1)).all()


@given(st.floats(-1e6, 1e6), st.floats(1e-4, 1e6))
def test_a_linear_axis_has_a_few_ticks_that_read_as_what_they_mark(low: float, span: float) -> None:
    axis = Axis(low, low + span)

    ticks = axis.ticks()

    assert 2 <= len(ticks) <= MOST_TICKS + 1
    steps = np.diff([value for value, _ in ticks])
    assert np.allclose(steps, steps[0], rtol=1e-4)
    for value, words in ticks:
        assert float(words.replace(",", "")) == pytest.approx(value, abs=steps[0] * 1e-3)


def test_thousands_are_grouped_and_zero_has_no_sign() -> None:
    assert [words for _, words in Axis(-10_000, 30_000).ticks()][2:5] == ["0", "5,000", "10,000"]
    assert "-0.0" not in [words for _, words in Axis(-0.3, 0.3).ticks()]


def test_decades_are_equally_far_apart_on_a_logarithmic_axis() -> None:
    axis = Axis(1e-6, 1, log=True)

    ticks = axis.ticks()

    assert [words for _, words in ticks] == ["1e-6", "1e-5", "0.0001", "0.001", "0.01", "0.1", "1"]
    np.testing.assert_allclose(axis.place([1e-6, 1e-3, 1]), [0, 0.5, 1], atol=1e-12)


def test_within_a_decade_a_logarithmic_axis_still_has_ticks() -> None:
    assert [words for _, words in Axis(0.15, 0.6, log=True).ticks()] == ["0.2", "0.5"]


def test_what_has_no_place_is_not_a_number() -> None:
    assert np.isnan(Axis(0.1, 1, log=True).place([0.0, -1.0, np.inf])).all()
    assert np.isnan(Axis(0, 1).place([np.nan, np.inf])).all()


def test_values_without_a_place_do_not_move_the_ends() -> None:
    assert axis_around([[1.0, np.nan, 2.0], [np.inf]]) == axis_around([[1.0, 2.0]])
    assert axis_around([[0.0, -3.0, 0.1, 1.0]], log=True) == axis_around([[0.1, 1.0]], log=True)


def test_nothing_to_show_and_one_value_still_make_an_axis() -> None:
    assert axis_around([]) == Axis(0.0, 1.0)
    assert axis_around([[7.0, 7.0]]).low < 7.0 < axis_around([[7.0]]).high
    assert axis_around([[1e-3]], log=True).low < 1e-3


@pytest.mark.parametrize(
    ("value", "words"), [(1e-6, "1e-6"), (0.001, "0.001"), (2e7, "2e7"), (50, "50")]
)
def test_numbers_are_written_in_short(value: float, words: str) -> None:
    assert in_short(value) == words
