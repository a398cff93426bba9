"""Which synthetic people are shown, and what happens without them."""

import importlib.util

import pytest

from app.demo import people
from app.demo.people import ANNA, BRUNO, STRANGER, enrolment_pictures, probe_pictures
from core.errors import ExtraMissingError


@pytest.mark.parametrize("person", [ANNA, BRUNO, STRANGER])
def test_every_picture_is_there_and_none_serves_twice(person) -> None:
    if importlib.util.find_spec("openpeople") is None:
        pytest.skip("the extra [demo] with pictures of synthetic people is not installed")
    references, probes = enrolment_pictures(person), probe_pictures(person)
    assert all(path.is_file() for path in (*references, *probes))
    assert not set(references) & set(probes)


def test_the_one_who_resembles_a_known_actress_is_not_shown() -> None:
    assert "P003" not in {person.folder for person in (ANNA, BRUNO, STRANGER)}


def test_without_the_extra_one_sentence_says_how_to_get_it(monkeypatch) -> None:
    monkeypatch.setattr(people, "PACKAGE", "no_such_package_at_all")
    with pytest.raises(ExtraMissingError, match=r"pip install 'pocketface\[demo\]'"):
        probe_pictures(ANNA)
