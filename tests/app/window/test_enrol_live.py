import pytest

from app.window.enrol_live import ANY_POSE, hint
from core.domain.quality import QualityIssue
from core.domain.result import EnrolRefusal, EnrolState, Pose


def state(
    wanted: Pose | None = Pose.LEFT,
    issues: frozenset[QualityIssue] = frozenset(),
    refusal: EnrolRefusal | None = None,
) -> EnrolState:
    return EnrolState(wanted, (), 5, issues, refusal, None)


def test_what_spoils_the_picture_comes_first() -> None:
    words = hint(state(issues=frozenset({QualityIssue.TOO_DARK, QualityIssue.TURNED_AWAY})))

    assert words == "The face is too dark; turn towards a light."


def test_another_person_is_told_apart_from_another_pose() -> None:
    assert "does not resemble" in hint(state(refusal=EnrolRefusal.OTHER_PERSON))
    assert "to your left" in hint(state(refusal=EnrolRefusal.OTHER_POSE))


@pytest.mark.parametrize("pose", list(Pose))
def test_every_pose_is_asked_for_in_words(pose: Pose) -> None:
    assert hint(state(wanted=pose)).endswith(".")


def test_without_a_wanted_pose_any_will_do() -> None:
    assert hint(state(wanted=None)) == ANY_POSE
