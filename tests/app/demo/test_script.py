"""The acts, through the real attempts, with a recogniser that is told who is there."""

import threading

import pytest

from app.demo.script import ENROL, JUDGE, Play
from core.capture.simulated import FRAME_RATE, Tick

FRAMES_DROPPED = 9  # of ten, as on a slow machine


def hasty(_closing: threading.Event, index: int) -> Tick:
    due = index + FRAMES_DROPPED
    return Tick(due, due / FRAME_RATE)


def ignore(_: object) -> None:
    return None


@pytest.fixture
def play(services, embedder):
    """Runs every act; `who` maps a word of an act's title to the person in front of the camera."""

    def run(**mistaken: str):
        titles, kinds = [], []

        def begin(title: str) -> None:
            titles.append(title)
            person = next(n for n in ("stranger", "Bruno", "Anna") if n in title)
            embedder.there = mistaken.get(person, person)

        def follow(kind: str):
            kinds.append(kind)
            return ignore

        acts = tuple(Play(services, begin, follow, pace=hasty).run())
        return acts, titles, kinds

    return run


def test_enrolled_people_are_accepted_and_the_stranger_is_not(play, services) -> None:
    acts, titles, kinds = play()
    headlines = [act.verdict.headline for act in acts]
    assert headlines == [
        "Enrolled Anna",
        "Verified as Anna",
        "Not verified as Anna",
        "This is Bruno",
        "Unknown person",
    ]
    assert all(act.expected for act in acts)
    assert [act.title for act in acts] == titles
    assert kinds == [ENROL, JUDGE, JUDGE, JUDGE, JUDGE]
    assert [subject.name for subject in services.gallery.subjects()] == ["Anna", "Bruno"]
    assert all(act.elapsed_s > 0 and act.computed_ms > 0 for act in acts)


def test_a_false_match_and_a_miss_are_told_as_not_expected(play) -> None:
    acts, _, _ = play(stranger="Anna", Bruno="nobody known")
    assert [act.expected for act in acts] == [True, True, False, False, False]
