import pytest

from core.domain.template import Reference, ReferenceId, SubjectId, Template
from core.errors import ModelMismatchError
from core.matching.recognise import BLOCK_ROWS, SelfCheck, check_references
from tests.fakes.analyses import MODEL, at_angle, unit
from tests.fakes.captures import OTHER_MODEL
from tests.fakes.holdings import ENROLLED


def reference(name: str, subject: str, vector, model=MODEL) -> Reference:
    template = Template(vector, model)
    return Reference(ReferenceId(name), SubjectId(subject), template, ENROLLED, 80, "test")


def test_pictures_are_shown_to_all_others_but_not_to_themselves() -> None:
    found = check_references(
        [
            reference("a1", "anna", unit(1, 0)),
            reference("b1", "bob", at_angle(0.0)),
            reference("a2", "anna", at_angle(0.8)),
        ],
        MODEL,
        threshold=0.7,
    )

    assert found == {
        "a1": SelfCheck(own=True, others=frozenset()),
        "a2": SelfCheck(own=True, others=frozenset()),
        "b1": SelfCheck(own=None, others=frozenset()),
    }
    assert found["a1"].right
    assert not found["b1"].right


def test_strangers_that_match_are_named_and_a_score_equal_to_the_threshold_matches() -> None:
    vectors = unit(1, 0), unit(1, 0)
    found = check_references(
        [reference("a1", "anna", vectors[0]), reference("b1", "bob", vectors[1])], MODEL, 1.0
    )

    assert found["a1"].others == {"bob"}
    assert not found["a1"].right


def test_nobody_is_nothing_to_compare() -> None:
    assert check_references([], MODEL, 0.5) == {}


def test_more_references_than_a_block_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    references = [
        reference(f"r{number}", f"s{number % 5}", unit(number + 1, 7 - number % 13))
        for number in range(BLOCK_ROWS + 10)
    ]
    whole = check_references(references, MODEL, 0.9)

    monkeypatch.setattr("core.matching.recognise.BLOCK_ROWS", 7)

    assert check_references(references, MODEL, 0.9) == whole


def test_models_are_never_mixed() -> None:
    mixed = [reference("a", "anna", unit(1, 0)), reference("b", "bob", unit(1, 0), OTHER_MODEL)]

    with pytest.raises(ModelMismatchError):
        check_references(mixed, MODEL, 0.5)
