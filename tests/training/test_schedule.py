"""Schedules at their borders, and the published one at its published steps."""

import pytest

from training.order import Lengths
from training.recipe.sections import ScheduleSection
from training.schedule import Point, rate_share

SHOWN = Lengths(global_batch=1, unit=1.0, total=1000)


def share(shown: int, *, total: int = 1000, start: int = 0, **section: object) -> float:
    made = ScheduleSection(**section)  # type: ignore[arg-type]
    return rate_share(made, Point(shown, total, start), SHOWN)


@pytest.mark.parametrize(
    ("shown", "expected"), [(0, 0.01), (99, 1.0), (100, 1.0), (800, 1.0), (900, 0.5), (1000, 0.0)]
)
def test_the_rate_rises_then_stays_then_falls(shown: int, expected: float) -> None:
    assert share(shown, kind="linear", warm_up=100, decay=200) == pytest.approx(expected)


def test_without_a_schedule_the_rate_stays() -> None:
    assert share(999, kind="constant") == 1.0


def test_a_branch_falls_from_where_it_began() -> None:
    assert share(500, total=600, start=500, kind="linear", decay=200) == 1.0
    assert share(550, total=600, start=500, kind="linear", decay=200) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("shown", "expected"), [(0, 1.0), (250, 0.868198), (500, 0.55), (1000, 0.1)]
)
def test_a_cosine_ends_at_its_floor(shown: int, expected: float) -> None:
    assert share(shown, kind="cosine", floor=0.1) == pytest.approx(expected, abs=1e-6)


def test_one_cycle_peaks_where_it_should_and_ends_at_nothing() -> None:
    shares = [share(shown, kind="one-cycle", peak=0.3) for shown in range(0, 1001, 10)]

    assert shares[0] == pytest.approx(0.04)
    assert max(shares) == shares[30] == 1.0
    assert shares[:31] == sorted(shares[:31])
    assert shares[30:] == sorted(shares[30:], reverse=True)
    assert shares[-1] == pytest.approx(0)


def test_the_published_drops_fall_at_the_published_steps() -> None:
    """PocketNet: epochs of 11,372 updates of 512; from 0-based epochs 7, 13, 19 and 24 on."""
    lengths = Lengths(global_batch=512, unit=512.0 * 11_372, total=512 * 295_672)
    section = ScheduleSection(kind="drops", drops=(7, 13, 19, 24))

    def at(step: int) -> float:
        return rate_share(section, Point(512 * step, lengths.total), lengths)

    for number, step in enumerate((79_604, 147_836, 216_068, 272_928)):
        assert at(step - 1) == pytest.approx(0.1**number)
        assert at(step) == pytest.approx(0.1 ** (number + 1))
