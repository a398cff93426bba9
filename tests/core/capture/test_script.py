from itertools import pairwise

import pytest

from core.capture.script import PERIOD_S, SCRIPT, Phase, phase_at, view_at

STEPS = [n / 30 for n in range(int(2 * PERIOD_S * 30))]


def middle_of(phase: Phase) -> float:
    begin = 0.0
    for candidate, seconds in SCRIPT:
        if candidate is phase:
            return begin + seconds / 2
        begin += seconds
    raise AssertionError(phase)


def test_the_first_second_is_frontal_sharp_and_well_lit() -> None:
    for n in range(30):
        view = view_at(n / 30)
        assert (view.yaw_deg, view.pitch_deg, view.roll_deg, view.blur_px) == (0, 0, 0, 0)
        assert view.light == 1.0
        assert view.picture == 0


def test_the_poses_of_a_guided_enrolment_come_first_and_within_its_patience() -> None:
    order = [phase for phase, _ in SCRIPT[:5]]

    assert order == [Phase.FRONT, Phase.LEFT, Phase.RIGHT, Phase.UP, Phase.DOWN]
    reached = [middle_of(phase) for phase in order]
    assert all(later - earlier < 6.0 for earlier, later in pairwise(reached))


@pytest.mark.parametrize(
    ("phase", "attribute", "sign"),
    [
        (Phase.LEFT, "yaw_deg", 1),
        (Phase.RIGHT, "yaw_deg", -1),
        (Phase.UP, "pitch_deg", 1),
        (Phase.DOWN, "pitch_deg", -1),
        (Phase.TILT, "roll_deg", 1),
        (Phase.BLUR, "blur_px", 1),
    ],
)
def test_each_phase_shows_what_it_is_called(phase: Phase, attribute: str, sign: int) -> None:
    seconds = middle_of(phase)

    assert phase_at(seconds) is phase
    assert sign * getattr(view_at(seconds), attribute) > 5


def test_the_light_goes_down_and_the_subject_comes_and_goes() -> None:
    assert view_at(middle_of(Phase.DIM)).light < 0.1
    assert view_at(middle_of(Phase.FAR)).zoom < 0.4
    assert view_at(middle_of(Phase.NEAR)).zoom > 1.2


def test_nothing_jumps_from_frame_to_frame_but_the_picture_in_the_dark() -> None:
    for before, after in pairwise(STEPS):
        a, b = view_at(before), view_at(after)
        assert abs(a.yaw_deg - b.yaw_deg) < 4
        assert abs(a.pitch_deg - b.pitch_deg) < 4
        assert abs(a.zoom - b.zoom) < 0.1
        assert abs(a.light - b.light) < 0.15
        if a.picture != b.picture:
            assert b.light < 0.1


def test_the_picture_changes_once_a_round() -> None:
    assert [view_at(n * PERIOD_S).picture for n in range(4)] == [0, 1, 2, 3]


def test_the_script_repeats_and_has_no_end() -> None:
    for seconds in (0.5, 4.0, 18.0):
        assert phase_at(seconds) is phase_at(seconds + 100 * PERIOD_S)


def test_the_face_stays_in_the_picture() -> None:
    for seconds in STEPS:
        x, y = view_at(seconds, seed=3).centre
        assert 0.4 < x < 0.6
        assert 0.4 < y < 0.6
