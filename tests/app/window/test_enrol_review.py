from pytestqt.qtbot import QtBot

from app.widgets.look import Look
from app.widgets.portrait import Portrait
from app.window.actions import Likeness, PictureOutcome
from app.window.enrol_review import SHOWN, CaptureStrip, LikenessWarning, OutcomeList
from tests.fakes.captures import make_capture


def test_each_capture_is_shown_once(qtbot: QtBot, look: Look) -> None:
    strip = CaptureStrip(look)
    qtbot.addWidget(strip)
    captures = [make_capture(seed) for seed in range(3)]
    strip.show_captures(captures[:1])
    strip.show_captures(captures)
    strip.show_captures(captures)

    assert len(strip.findChildren(Portrait)) == 3
    assert strip.accessibleDescription() == "3 faces"


def test_more_than_fit_are_counted_in_words(qtbot: QtBot, look: Look) -> None:
    strip = CaptureStrip(look)
    qtbot.addWidget(strip)
    strip.show_captures([make_capture(seed) for seed in range(SHOWN + 3)])

    assert len(strip.findChildren(Portrait)) == SHOWN
    assert strip.accessibleDescription() == f"{SHOWN + 3} faces"


def test_a_resemblance_names_the_nearest_and_counts_the_rest(qtbot: QtBot, look: Look) -> None:
    warning = LikenessWarning(look)
    qtbot.addWidget(warning)
    warning.show_likenesses([Likeness("Anna", 0.81), Likeness("Ben", 0.5)])
    assert warning.isVisible()
    assert "Anna and 1 more (score 0.81)" in warning.words.text()

    warning.show_likenesses([])

    assert not warning.isVisible()


def test_the_list_is_replaced_not_prolonged(qtbot: QtBot, look: Look) -> None:
    shown = OutcomeList(look)
    qtbot.addWidget(shown)
    shown.show_outcomes([PictureOutcome("a", None, "Blurred."), PictureOutcome("b", None, "Dark.")])
    shown.show_outcomes([PictureOutcome("c", make_capture(), "It was turned.")])

    assert shown.lines == ("c: Taken. It was turned.",)
