"""The move, with the shipped network and real galleries."""

import importlib.util

import pytest

from app.demo.moving import Move
from app.demo.people import ANNA, BRUNO
from app.demo.stage import enrol_from_pictures, throw_away_services
from core.settings import Settings, locate_folders
from core.wiring import build_vision
from tests.app.demo.test_script import hasty, ignore

pytestmark = pytest.mark.model


def test_people_move_to_another_gallery_and_another_model_and_are_known(tmp_path) -> None:
    if importlib.util.find_spec("openpeople") is None:
        pytest.skip("the extra [demo] with pictures of synthetic people is not installed")
    settings = Settings()
    vision = build_vision(settings, locate_folders(tmp_path))
    titles: list[str] = []
    with throw_away_services(settings, vision) as services:
        for person in (ANNA, BRUNO):
            enrol_from_pictures(services, person)

        acts = tuple(Move(services, titles.append, lambda _: ignore, pace=hasty).run())

        assert [subject.name for subject in services.gallery.subjects()] == ["Anna", "Bruno"]
    assert [act.verdict.headline for act in acts] == [
        "The people moved",
        "Nobody was enrolled again",
        "Verified as Anna",
    ]
    assert all(act.expected for act in acts)
    assert len(titles) == 3
