from dataclasses import replace

import msgspec
import pytest

from app.window.program import Program
from core.domain.decision import Reason
from core.domain.template import Embedding, SubjectId
from core.errors import SubjectUnknownError, UsageError
from core.settings import read_settings
from tests.app.window.staging import BLUE, GREEN, RED, Stage
from tests.fakes.analyses import make_analysis, unit
from tests.fakes.captures import make_capture


@pytest.fixture
def program(stage: Stage) -> Program:
    return Program(stage.services, "", stage.open_camera)


def test_people_come_with_picture_and_usable_references(program: Program, stage: Stage) -> None:
    stage.enrol("Anna", RED)
    stage.gallery.enrol("Old", [make_capture()])  # another model's

    people = {person.subject.name: person for person in program.actions().storage.people()}

    assert (people["Anna"].usable, people["Old"].usable) == (2, 0)
    assert people["Anna"].picture is not None
    assert people["Anna"].picture.width() == 112


def test_a_claim_is_compared_with_one_persons_references(program: Program, stage: Stage) -> None:
    anna = stage.enrol("Anna", RED)
    stage.enrol("Ben", BLUE)
    begin = program.actions().storage.begin_verification

    assert begin(anna.subject_id).finish().decision.comparisons == 2
    assert begin(None).finish().decision.comparisons == 4


def test_an_attempt_ends_when_the_settings_say_so(program: Program, stage: Stage) -> None:
    stage.enrol("Anna", RED)
    actions = program.actions()
    settings = msgspec.structs.replace(actions.live.settings(), verify_timeout_s=2.0)
    actions.background.apply_settings(settings)
    attempt = actions.storage.begin_verification(None)

    attempt.observe(make_analysis(None, at_s=0.0))
    state = attempt.observe(make_analysis(None, at_s=2.0))

    assert state.decision is not None
    assert Reason.TIMED_OUT in state.decision.reasons


def test_likenesses_are_those_at_or_above_the_threshold(program: Program, stage: Stage) -> None:
    stage.enrol("Anna", RED)
    stage.enrol("Ben", BLUE)
    likenesses = program.actions().storage.likenesses
    model = stage.services.vision.embedder.model
    like_anna = replace(make_capture(), embedding=Embedding(unit(60, 60, 190), model))

    found = likenesses([like_anna])

    assert [entry.name for entry in found] == ["Anna"]
    assert found[0].score >= 0.95


def test_nobody_is_like_a_stranger(program: Program, stage: Stage) -> None:
    stage.enrol("Anna", RED)
    stage.enrol("Ben", GREEN)

    assert program.actions().storage.likenesses([]) == ()


def test_deleting_and_restoring_several(program: Program, stage: Stage) -> None:
    people = [stage.enrol(name, RED).subject_id for name in ("Anna", "Ben")]
    actions = program.actions()
    numbers = actions.storage.delete(people)
    assert stage.gallery.subjects() == ()
    for number in numbers:
        actions.changes.undo(number)

    assert len(stage.gallery.subjects()) == 2


def test_adding_to_somebody_unknown_is_refused(program: Program) -> None:
    with pytest.raises(SubjectUnknownError):
        program.actions().storage.add_to("Nobody", [make_capture()])


def test_an_unknown_claim_raises_nothing_strange(program: Program) -> None:
    with pytest.raises(SubjectUnknownError):
        program.actions().storage.begin_verification(SubjectId("gone"))


def test_a_stricter_rate_takes_effect_at_once_and_is_saved(program: Program, stage: Stage) -> None:
    actions = program.actions()
    assert actions.live.point().threshold == 0.95
    looser = msgspec.structs.replace(actions.live.settings(), target_fmr=1e-2)

    actions.background.apply_settings(looser)

    assert actions.live.point().threshold == 0.9
    assert read_settings(stage.services.folders.settings_file).target_fmr == 1e-2


def test_a_rate_that_was_never_measured_changes_nothing(program: Program, stage: Stage) -> None:
    actions = program.actions()
    stricter = msgspec.structs.replace(actions.live.settings(), target_fmr=1e-9)

    with pytest.raises(UsageError):
        actions.background.apply_settings(stricter)

    assert actions.live.settings().target_fmr == 1e-3
    assert not stage.services.folders.settings_file.exists()


def test_enrolment_wants_exactly_one_face_whatever_the_settings_say(program: Program) -> None:
    live = program.actions().live

    assert live.enrol_parts().policy == "exactly-one"
    assert live.verify_parts().policy == "largest"
    assert live.verify_parts().tracker is not live.verify_parts().tracker


def test_the_given_source_is_opened_in_place_of_the_one_in_the_settings(
    program: Program, stage: Stage
) -> None:
    assert program.actions().live.open_source() is stage.cameras[0]


def test_embeddings_of_a_probe_are_judged_by_the_point_in_use(
    program: Program, stage: Stage
) -> None:
    anna = stage.enrol("Anna", RED)
    attempt = program.actions().storage.begin_verification(anna.subject_id)
    for index in range(3):
        state = attempt.observe(make_analysis(unit(60, 60, 190), at_s=index / 10))

    assert state.decision is not None
    assert state.decision.subject == anna.subject_id
    assert state.decision.point == program.actions().live.point()
