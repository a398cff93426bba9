from dataclasses import replace

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.present.verdict import Verdict, describe
from app.widgets.look import Look
from app.window.decision_card import DecisionCard, rule_words
from core.domain.decision import Decision, Outcome, Reason, Score
from core.domain.quality import QualityIssue
from core.domain.result import VerifyState
from core.domain.template import SubjectId
from tests.app.window.staging import operating_point
from tests.fakes.analyses import MODEL

ANNA = SubjectId("anna")
POINT = operating_point(1e-3, 0.5)

ACCEPTED = Decision(
    outcome=Outcome.ACCEPTED,
    claim=ANNA,
    subject=ANNA,
    score=Score(0.7, MODEL),
    runner_up=None,
    point=POINT,
    comparisons=2,
    reasons=(Reason.FRAMES_AGREED,),
    issues=(),
    evidence=(),
    agreeing=3,
    needed=3,
    faces_in_view=1,
    elapsed_s=0.64,
)
UNDECIDED = replace(
    ACCEPTED,
    outcome=Outcome.INCONCLUSIVE,
    score=None,
    agreeing=0,
    reasons=(Reason.POOR_QUALITY, Reason.TIMED_OUT),
    issues=(QualityIssue.TOO_DARK,),
)


def words(decision: Decision) -> Verdict:
    return describe(decision, {ANNA: "Anna <b>"}, (POINT,))


@pytest.fixture
def card(qtbot: QtBot, look: Look) -> DecisionCard:
    result = DecisionCard(look, lambda: None)
    qtbot.addWidget(result)
    result.show()
    return result


def test_an_acceptance_shows_its_grounds(card: DecisionCard) -> None:
    face = QImage(112, 112, QImage.Format.Format_RGB888)
    card.show_decision(words(ACCEPTED), ACCEPTED, face, face)

    assert card.headline.text() == "Verified as Anna <b>"
    assert card._values["Frames that agreed"].text() == "3 of 3 needed"
    assert card._values["Time"].text() == "0.6 s"
    assert card._values["Compared with"].text() == "2 enrolled pictures"
    assert card.meter.position is not None
    assert card.rate.isVisible()
    assert card.again.isVisible()
    assert "Verified as" in card.accessibleDescription()


def test_no_decision_says_what_to_do_and_shows_no_score(card: DecisionCard) -> None:
    card.show_decision(words(UNDECIDED), UNDECIDED, None, None)

    assert card.headline.text() == "No decision"
    assert "too dark" in card.advice.text()
    assert not card.meter.isVisible()
    assert not card.rate.isVisible()


def test_the_tone_is_also_an_icon(card: DecisionCard) -> None:
    """Colour alone says nothing: each outcome has a sign of its own."""
    card.show_decision(words(ACCEPTED), ACCEPTED, None, None)
    yes = card._icon.pixmap().toImage()
    card.show_decision(words(UNDECIDED), UNDECIDED, None, None)

    assert card._icon.pixmap().toImage() != yes


def test_a_running_attempt_counts_the_frames_that_agree(card: DecisionCard) -> None:
    state = VerifyState(1, 3, 2, Score(0.6, MODEL), frozenset(), None)
    card.show_running("Is this Anna?", state, 0.5)

    assert card.headline.text() == "Is this Anna?"
    assert card.steps.accessibleDescription() == "1 of 3 done"
    assert not card.again.isVisible()
    card.show_running("Is this Anna?", None, 0.5)
    assert card.meter.position is None


def test_it_can_be_emptied_again(card: DecisionCard) -> None:
    card.show_decision(words(ACCEPTED), ACCEPTED, None, None)
    card.show_empty()

    assert not card.headline.isVisible()


def test_the_rule_is_stated_in_counts() -> None:
    assert "1 stranger in 1,000" in rule_words(POINT)
    assert "50,000" in rule_words(POINT)
    assert "%" not in rule_words(POINT)
