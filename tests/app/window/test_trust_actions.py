from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from app.window.program import Program
from app.window.trust_actions import attempts_count
from core.domain.decision import Outcome
from core.errors import AttemptsPausedError
from core.settings import Settings
from tests.app.window.staging import RED, Stage
from tests.core.attempts.test_receipt import decision


@pytest.fixture
def program(stage: Stage) -> Program:
    return Program(stage.services, "", stage.open_camera)


def test_failed_attempts_before_the_camera_are_held_up(program: Program, stage: Stage) -> None:
    stage.enrol("Anna", RED)
    actions = program.actions()
    for _ in range(5):
        actions.storage.begin_verification(None)
        actions.security.count_attempt(decision(Outcome.REJECTED))

    with pytest.raises(AttemptsPausedError, match="3 minutes"):
        actions.storage.begin_verification(None)

    actions.security.count_attempt(decision(Outcome.ACCEPTED))
    actions.storage.begin_verification(None)


def test_files_are_the_operators_own_and_are_not_counted(tmp_path: Path) -> None:
    assert attempts_count(Settings(source="0"))
    assert attempts_count(Settings(source="rtsp://host/stream"))
    assert not attempts_count(Settings(source=str(tmp_path)))


def test_verifications_are_written_down_only_if_wanted(stage: Stage) -> None:
    for wanted in (False, True):
        settings = msgspec.structs.replace(stage.services.settings, audit_verifications=wanted)
        program = Program(replace(stage.services, settings=settings), "", stage.open_camera)
        program.actions().security.count_attempt(decision())

    events = stage.services.store.ledger.events()
    assert [(event.kind, event.detail) for event in events] == [("verified", "accepted")]


def test_a_person_has_all_pictures_that_the_model_in_use_knows(
    program: Program, stage: Stage
) -> None:
    anna = stage.enrol("Anna", RED)

    pictures = program.actions().changes.pictures(anna.subject_id)

    assert len(pictures) == 2
    assert all(one.picture is not None for one in pictures)
