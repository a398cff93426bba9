from dataclasses import replace

import msgspec

from app.present.swap import (
    change_words,
    coverage,
    decisions,
    lost,
    point_words,
    points,
    recapture_words,
    recognition,
)
from core.domain.retemplating import DecisionChange, Recapture, Recognition, SwapPreview
from tests.fakes.analyses import POINT

PREVIEW = SwapPreview(
    former="a",
    model="b",
    references=10,
    present=0,
    to_embed=9,
    recapture=(Recapture("Anna", 0, 2), Recapture("Bob", 1, 2)),
    compared=9,
    right_before=9,
    right_after=8,
    changes=(
        DecisionChange(
            "Bob", "b.jpg", Recognition(own=True, others=()), Recognition(False, ("Anna",))
        ),
    ),
    former_point=msgspec.structs.replace(POINT, threshold=0.25),
    point=POINT,
)


def test_how_many_pictures_will_be_known() -> None:
    assert coverage(PREVIEW).startswith("9 of 10 enrolled pictures")
    half = replace(PREVIEW, present=4, to_embed=5)
    assert "4 are already, 5 are made anew" in coverage(half)
    assert "Nobody is enrolled" in coverage(replace(PREVIEW, references=0))


def test_a_threshold_is_told_with_its_trials() -> None:
    assert "1,000 false matches in 1,000,000 comparisons" in point_words(POINT)
    assert "0.4000" in points(PREVIEW)
    assert "0.2500" in points(PREVIEW)
    assert "Now it is" not in points(replace(PREVIEW, former_point=None))


def test_decisions_are_counted_and_listed() -> None:
    assert "9 match their own person" in decisions(PREVIEW)
    assert "8 would; 1 decision changes" in decisions(PREVIEW)
    assert "no picture is known to both" in decisions(replace(PREVIEW, compared=0))
    assert change_words(PREVIEW.changes[0]) == (
        "Bob, b.jpg: matches its person → does not match its person, and Anna"
    )
    assert recognition(Recognition(None, ())) == "alone"


def test_who_has_to_be_captured_again() -> None:
    assert lost(PREVIEW) == 1
    assert recapture_words(PREVIEW.recapture[0]) == "Anna: none of 2 pictures; capture again"
    assert recapture_words(PREVIEW.recapture[1]) == "Bob: 1 of 2 pictures"
