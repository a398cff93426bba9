from datetime import UTC, datetime

import numpy as np
import pytest

from core.attempts.verify import STILL_RULE, AttemptRule, VerifyAttempt
from core.domain.decision import Decision, Outcome, Reason
from core.domain.quality import QualityIssue
from core.domain.result import VerifyState
from core.domain.template import Reference, ReferenceId, Subject, SubjectId, Template
from core.matching.search import ReferenceMatrix
from tests.fakes.analyses import MODEL, POINT, at_angle, make_analysis, unit

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANNA = Subject(SubjectId("anna"), "Anna", NOW, references=1)
RULE = AttemptRule(agreeing=3, window=5, judged_limit=8, timeout_s=10.0, margin=0.05)


def reference(subject: str, vector: np.ndarray) -> Reference:
    return Reference(
        ReferenceId(f"r-{subject}"), SubjectId(subject), Template(vector, MODEL), NOW, 80, "test"
    )


ANNA_REFERENCE = reference("anna", unit(1, 0))


def claim(rule: AttemptRule = RULE) -> VerifyAttempt:
    return VerifyAttempt.claim(ANNA, [ANNA_REFERENCE], MODEL, POINT, rule)


def feed(attempt: VerifyAttempt, *cosines: float | None, from_s: float = 0.0) -> VerifyState:
    state = None
    for i, cosine in enumerate(cosines):
        vector = None if cosine is None else at_angle(cosine)
        state = attempt.observe(make_analysis(vector, at_s=from_s + i / 10))
    assert state is not None
    return state


def decided(state: VerifyState) -> Decision:
    assert state.decision is not None
    return state.decision


def test_enough_agreeing_frames_accept_the_claim() -> None:
    attempt = claim()

    assert feed(attempt, 0.9, 0.7).decision is None
    decision = decided(feed(attempt, 0.8, from_s=0.3))

    assert decision.outcome is Outcome.ACCEPTED
    assert decision.subject == ANNA.subject_id
    assert decision.agreeing == 3


def test_the_stated_score_is_the_lowest_of_the_agreeing_frames() -> None:
    decision = decided(feed(claim(), 0.9, 0.5, 0.8))

    assert decision.score is not None
    assert decision.score.value == pytest.approx(0.5, abs=1e-6)


def test_frames_below_the_threshold_between_agreeing_ones_are_outvoted() -> None:
    assert decided(feed(claim(), 0.9, 0.1, 0.9, 0.1, 0.9)).outcome is Outcome.ACCEPTED


def test_agreeing_frames_that_left_the_window_no_longer_count() -> None:
    assert feed(claim(), 0.9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.9).decision is None


def test_too_many_usable_frames_without_agreement_refuse() -> None:
    decision = decided(feed(claim(), *[0.1] * 8))

    assert decision.outcome is Outcome.REJECTED
    assert decision.reasons == (Reason.BELOW_THRESHOLD,)
    assert len(decision.evidence) == 8


def test_a_decision_once_reached_stays() -> None:
    attempt = claim()
    first = decided(feed(attempt, 0.9, 0.9, 0.9))

    assert decided(feed(attempt, *[0.0] * 20, from_s=1)) is first
    assert attempt.finish().decision is first


def test_nothing_but_unusable_frames_is_no_decision_and_says_why() -> None:
    attempt = claim()
    for i in range(8):
        issue = QualityIssue.BLURRED if i % 4 else QualityIssue.NO_FACE
        attempt.observe(make_analysis(at_s=float(i), issue=issue))

    decision = decided(attempt.observe(make_analysis(at_s=10.0)))

    assert decision.outcome is Outcome.INCONCLUSIVE
    assert decision.reasons == (Reason.POOR_QUALITY, Reason.NO_FACE, Reason.TIMED_OUT)
    assert decision.issues[0] is QualityIssue.BLURRED


def test_running_out_of_time_after_enough_comparisons_is_a_refusal() -> None:
    attempt = claim()
    feed(attempt, 0.1, 0.1, 0.1)

    decision = decided(attempt.observe(make_analysis(at_s=10.0)))

    assert decision.outcome is Outcome.REJECTED
    assert Reason.TIMED_OUT in decision.reasons


def test_frames_of_two_people_never_add_up() -> None:
    attempt = claim()
    attempt.observe(make_analysis(at_angle(0.9), at_s=0.0, track=1))
    attempt.observe(make_analysis(at_angle(0.9), at_s=0.1, track=1))
    state = attempt.observe(make_analysis(at_angle(0.9), at_s=0.2, track=2))

    assert state.decision is None
    assert state.agreeing == 1


def test_the_largest_number_of_faces_in_view_is_told() -> None:
    attempt = claim()
    attempt.observe(make_analysis(at_angle(0.9), faces=3))

    assert decided(feed(attempt, 0.9, 0.9, from_s=0.1)).faces_in_view == 3


def test_a_subject_without_references_of_this_model_gives_no_decision() -> None:
    attempt = VerifyAttempt.claim(ANNA, [], MODEL, POINT, RULE)

    decision = decided(attempt.observe(make_analysis(at_angle(0.9))))

    assert decision.outcome is Outcome.INCONCLUSIVE
    assert decision.reasons == (Reason.NO_REFERENCES,)


@pytest.mark.parametrize(("cosine", "outcome"), [(0.41, "accepted"), (0.39, "rejected")])
def test_a_still_picture_decides_at_once(cosine: float, outcome: str) -> None:
    assert decided(feed(claim(STILL_RULE), cosine)).outcome == outcome


def test_other_peoples_references_do_not_help_a_claim() -> None:
    references = [ANNA_REFERENCE, reference("ben", at_angle(-0.5))]
    attempt = VerifyAttempt.claim(ANNA, references, MODEL, POINT, STILL_RULE)

    decision = decided(attempt.observe(make_analysis(at_angle(-0.5))))

    assert decision.outcome is Outcome.REJECTED
    assert decision.comparisons == 1


def identify(*references: Reference) -> VerifyAttempt:
    return VerifyAttempt.identify(ReferenceMatrix.build(references, MODEL), POINT, RULE)


def test_identification_names_the_subject_the_frames_agree_on() -> None:
    decision = decided(feed(identify(ANNA_REFERENCE, reference("ben", unit(0, 1))), 0.9, 0.9, 0.9))

    assert decision.outcome is Outcome.ACCEPTED
    assert decision.subject == "anna"
    assert decision.claim is None
    assert decision.comparisons == 2


def test_a_stranger_is_an_explicit_unknown() -> None:
    decision = decided(feed(identify(ANNA_REFERENCE), *[0.2] * 8))

    assert decision.outcome is Outcome.REJECTED
    assert decision.reasons == (Reason.NOBODY_SIMILAR,)


def test_two_equally_similar_subjects_are_told_apart_from_nobody() -> None:
    twins = identify(ANNA_REFERENCE, reference("twin", at_angle(0.999)))

    decision = decided(feed(twins, *[0.9] * 8))

    assert decision.outcome is Outcome.REJECTED
    assert decision.reasons == (Reason.RUNNER_UP_TOO_CLOSE,)
    assert decision.runner_up is not None


def test_frames_that_name_different_subjects_do_not_agree() -> None:
    attempt = identify(ANNA_REFERENCE, reference("ben", unit(0, 1)))

    state = feed(attempt, 1.0, 0.0, 1.0, 0.0)

    assert state.decision is None
    assert state.agreeing == 2
