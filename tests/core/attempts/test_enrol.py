import pytest

from core.attempts.enrol import EnrolAttempt, EnrolRule, is_pose, pictures_rule
from core.domain.quality import QualityIssue
from core.domain.result import EnrolEnd, EnrolRefusal, EnrolState, Pose
from tests.fakes.analyses import at_angle, make_analysis, make_quality, unit

HELD = {
    Pose.FRONT: make_quality(),
    Pose.LEFT: make_quality(yaw_deg=15),
    Pose.RIGHT: make_quality(yaw_deg=-15),
    Pose.UP: make_quality(pitch_deg=10),
    Pose.DOWN: make_quality(pitch_deg=-10),
}


def attempt(rule: EnrolRule | None = None) -> EnrolAttempt:
    return EnrolAttempt(rule or EnrolRule(), source="test", same_person_threshold=0.3)


def show(running: EnrolAttempt, pose: Pose, at_s: float) -> EnrolState:
    return running.observe(make_analysis(unit(1, 0), at_s=at_s, quality=HELD[pose]))


def test_the_five_poses_asked_for_make_an_enrolment() -> None:
    running = attempt()

    asked = []
    state = None
    for i in range(5):
        wanted = running.observe(make_analysis(at_s=float(i))).wanted
        assert wanted is not None
        asked.append(wanted)
        state = show(running, wanted, at_s=i + 0.5)

    assert asked == [Pose.FRONT, Pose.LEFT, Pose.RIGHT, Pose.UP, Pose.DOWN]
    assert state is not None
    assert state.end is EnrolEnd.COMPLETE
    assert len(state.accepted) == 5


def test_another_pose_than_the_wanted_one_is_named_and_not_taken() -> None:
    running = attempt()
    show(running, Pose.FRONT, at_s=0)

    state = show(running, Pose.RIGHT, at_s=1)

    assert state.refusal is EnrolRefusal.OTHER_POSE
    assert len(state.accepted) == 1


def test_somebody_who_cannot_take_a_pose_is_enrolled_all_the_same() -> None:
    running = attempt()
    show(running, Pose.FRONT, at_s=0)

    assert show(running, Pose.FRONT, at_s=5.9).refusal is EnrolRefusal.OTHER_POSE
    state = show(running, Pose.FRONT, at_s=6.1)

    assert len(state.accepted) == 2


def test_the_first_capture_must_be_frontal_however_long_it_takes() -> None:
    state = show(attempt(), Pose.LEFT, at_s=30)

    assert state.accepted == ()
    assert state.wanted is Pose.FRONT


def test_another_person_stepping_in_is_refused() -> None:
    running = attempt()
    show(running, Pose.FRONT, at_s=0)

    stranger = make_analysis(at_angle(0.1), at_s=1, quality=HELD[Pose.LEFT])
    state = running.observe(stranger)

    assert state.refusal is EnrolRefusal.OTHER_PERSON
    assert len(state.accepted) == 1


def test_two_frames_of_one_moment_are_one_capture() -> None:
    running = attempt(EnrolRule(poses=(), needed=3, gap_s=0.4))
    show(running, Pose.FRONT, at_s=0)

    assert show(running, Pose.FRONT, at_s=0.1).refusal is EnrolRefusal.TOO_SOON
    assert len(show(running, Pose.FRONT, at_s=0.5).accepted) == 2


def test_an_unusable_frame_changes_nothing_and_says_why() -> None:
    state = attempt().observe(make_analysis(at_s=0, issue=QualityIssue.BLURRED))

    assert state.issues == {QualityIssue.BLURRED}
    assert state.accepted == ()


def test_an_enrolment_ends_after_its_time() -> None:
    running = attempt()
    show(running, Pose.FRONT, at_s=0)

    state = running.observe(make_analysis(at_s=60))

    assert state.end is EnrolEnd.TIMED_OUT
    assert len(state.accepted) == 1


def test_pictures_are_taken_in_any_pose_without_a_clock() -> None:
    running = attempt(pictures_rule(2))

    show(running, Pose.LEFT, at_s=0)
    state = show(running, Pose.DOWN, at_s=0)

    assert state.end is EnrolEnd.COMPLETE


def test_a_source_that_ends_leaves_what_was_captured() -> None:
    running = attempt()
    show(running, Pose.FRONT, at_s=0)

    state = running.finish()

    assert state.end is EnrolEnd.SOURCE_ENDED
    assert len(state.accepted) == 1


@pytest.mark.parametrize("pose", [Pose.LEFT, Pose.RIGHT, Pose.UP, Pose.DOWN])
def test_turns_are_measured_from_the_first_capture(pose: Pose) -> None:
    looks_turned = make_quality(yaw_deg=15, pitch_deg=10)

    assert not is_pose(pose, looks_turned, first=looks_turned)
