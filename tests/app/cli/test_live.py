"""What is said while an attempt runs: each thing once, when it changes."""

from dataclasses import replace

import pytest

from app.cli.live import EnrolTalk, VerifyTalk
from app.present.guidance import ask_for, explain, remedy
from core.domain.quality import QualityIssue
from core.domain.result import EnrolEnd, EnrolRefusal, EnrolState, FrameResult, Pose, VerifyState
from tests.fakes.analyses import make_analysis, unit

ENROLLING = EnrolState(
    wanted=Pose.FRONT, accepted=(), needed=5, issues=frozenset(), refusal=None, end=None
)
WATCHING = VerifyState(
    agreeing=0, needed=3, judged=0, score=None, issues=frozenset(), decision=None
)


@pytest.fixture
def result():
    analysis = replace(make_analysis(unit(1, 0)), stage_ms={"detect": 3.0})
    return lambda state: FrameResult(analysis, state)


def test_the_first_pose_is_asked_for_before_any_frame(capsys) -> None:
    EnrolTalk((Pose.FRONT, Pose.LEFT))
    assert capsys.readouterr().err.splitlines() == [ask_for(Pose.FRONT)]


def test_a_pose_is_asked_for_once_and_a_capture_is_counted(capsys, result) -> None:
    talk = EnrolTalk((Pose.FRONT, Pose.LEFT))
    for _ in range(3):
        talk.on_result(result(ENROLLING))
    taken = replace(ENROLLING, accepted=(object(),), wanted=Pose.LEFT)
    for _ in range(3):
        talk.on_result(result(taken))
    assert capsys.readouterr().err.splitlines() == [
        ask_for(Pose.FRONT),
        "Taken: 1 of 5.",
        ask_for(Pose.LEFT),
    ]


def test_another_person_is_mentioned_once(capsys, result) -> None:
    talk = EnrolTalk((Pose.FRONT, Pose.LEFT))
    stranger = replace(ENROLLING, refusal=EnrolRefusal.OTHER_PERSON)
    for _ in range(5):
        talk.on_result(result(stranger))
        talk.on_result(result(ENROLLING))
    assert capsys.readouterr().err.count(explain(EnrolRefusal.OTHER_PERSON)) == 1


def test_nothing_is_asked_after_the_end(capsys, result) -> None:
    talk = EnrolTalk((Pose.FRONT, Pose.LEFT))
    talk.on_result(result(replace(ENROLLING, wanted=None, end=EnrolEnd.COMPLETE)))
    assert capsys.readouterr().err.splitlines() == [ask_for(Pose.FRONT)]


def test_an_obstacle_that_stays_is_named_once_with_its_remedy(capsys, result) -> None:
    talk = VerifyTalk()
    dark = replace(WATCHING, issues=frozenset({QualityIssue.TOO_DARK}))
    for _ in range(40):
        talk.on_result(result(dark))
    assert capsys.readouterr().err.splitlines() == [remedy(QualityIssue.TOO_DARK)]


def test_an_obstacle_that_passes_is_not_talked_about(capsys, result) -> None:
    talk = VerifyTalk()
    blurred = replace(WATCHING, issues=frozenset({QualityIssue.BLURRED}))
    for _ in range(10):
        talk.on_result(result(blurred))
        talk.on_result(result(WATCHING))
    assert capsys.readouterr().err == ""


def test_the_cost_of_the_newest_frame_is_kept(result) -> None:
    talk = VerifyTalk()
    talk.on_result(result(WATCHING))
    assert talk.stage_ms == {"detect": 3.0}


def test_nothing_is_asked_of_a_recording(capsys, result) -> None:
    talk = EnrolTalk(())
    talk.on_result(result(replace(ENROLLING, wanted=None)))
    talk.on_result(result(replace(ENROLLING, wanted=None, accepted=(object(),))))
    assert capsys.readouterr().err.splitlines() == ["Taken: 1 of 5."]
