"""Every value a person can meet has a sentence of its own."""

import pytest

from app.present.guidance import ask_for, explain, reason_sentence, remedy
from core.domain.decision import Reason
from core.domain.quality import QualityIssue
from core.domain.result import EnrolRefusal, Pose


@pytest.mark.parametrize(
    ("sentences", "values"),
    [(remedy, QualityIssue), (ask_for, Pose), (explain, EnrolRefusal), (reason_sentence, Reason)],
)
def test_every_value_has_its_own_sentence(sentences, values) -> None:
    words = [sentences(value) for value in values]
    assert all(text[0].isupper() and text.endswith(".") for text in words)
    assert len(set(words)) == len(words)


def test_a_turn_is_asked_from_the_subjects_point_of_view() -> None:
    assert ask_for(Pose.LEFT).endswith("to your left.")
    assert ask_for(Pose.RIGHT).endswith("to your right.")
