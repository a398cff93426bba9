import pytest

from app.present.importing import compared, outcome, refusal_code, refused, summary
from core.capture.errors import PictureUnreadableError
from core.domain.importing import Deed, ImportPlan, PlannedSubject, Verdict
from core.domain.person_pictures import RefusedPicture
from core.domain.quality import QualityIssue
from core.domain.result import EnrolRefusal


def planned(deed: Deed, verdict: Verdict = Verdict.CONFLICT, **facts) -> PlannedSubject:
    known = {"name": "Anna", "stored_as": "Anna", "references": 2, "added": 2, "existing": "Anna"}
    return PlannedSubject(verdict=verdict, deed=deed, **(known | facts))


@pytest.mark.parametrize(
    ("subject", "done", "words"),
    [
        (planned(Deed.ADD), False, "will be added with 2 pictures"),
        (planned(Deed.ADD, added=1), True, "was added with 1 picture"),
        (planned(Deed.SKIP), True, "stays as it is"),
        (planned(Deed.REPLACE), True, "was replaced, with 2 pictures"),
        (planned(Deed.MERGE), True, "2 pictures were added"),
        (planned(Deed.MERGE, added=1), True, "1 picture was added"),
        (planned(Deed.MERGE), False, "2 pictures will be added"),
        (
            planned(Deed.ADD_RENAMED, stored_as="Anna (2)"),
            False,
            "will be added as Anna (2), with 2 pictures",
        ),
    ],
)
def test_what_happens_is_said_in_words(subject, done: bool, words: str) -> None:
    assert outcome(subject, done=done) == words


def test_somebody_under_another_name_is_named() -> None:
    assert compared(planned(Deed.SKIP, existing="Anne")) == "enrolled already as Anne"
    assert compared(planned(Deed.ADD, Verdict.NEW, existing=None)) == "new"


def test_the_whole_is_one_sentence() -> None:
    plan = ImportPlan(
        (
            planned(Deed.ADD, Verdict.NEW),
            planned(Deed.ADD, Verdict.NEW),
            planned(Deed.SKIP, Verdict.SAME),
        )
    )

    assert summary(plan, done=False) == (
        "An import would bring: 2 new people, 1 person already there."
    )
    assert summary(plan, done=True).startswith("Imported: 2 new people")
    assert summary(ImportPlan(()), done=True) == "Nothing was changed: nobody."


def test_each_reason_against_a_picture_has_words_and_a_code(tmp_path) -> None:
    unreadable = PictureUnreadableError(path="a.png", reason="it is cut off")
    reasons = (
        RefusedPicture("Anna", tmp_path, error=unreadable),
        RefusedPicture("Anna", tmp_path, issues=frozenset({QualityIssue.NO_FACE})),
        RefusedPicture("Anna", tmp_path, refusal=EnrolRefusal.OTHER_PERSON),
    )

    assert refused(reasons[0]) == unreadable.sentence
    assert len({refused(reason) for reason in reasons}) == 3
    assert [refusal_code(reason) for reason in reasons] == [
        unreadable.code,
        "no_face",
        "other_person",
    ]
