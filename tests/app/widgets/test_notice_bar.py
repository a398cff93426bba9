from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.widgets import notice_bar
from app.widgets.look import Look
from app.widgets.notice_bar import UNEXPLAINED, NoticeBar, NoticeKind
from core.errors import GalleryLockedError


@pytest.fixture
def bar(qtbot: QtBot, look: Look, monkeypatch: pytest.MonkeyPatch) -> NoticeBar:
    monkeypatch.setattr(notice_bar, "STAYS_MS", 20)
    result = NoticeBar(look)
    qtbot.addWidget(result)
    return result


def test_a_notice_goes_by_itself(bar: NoticeBar, until: Callable[..., None]) -> None:
    bar.say("Saved.")
    assert bar.isVisible()

    until(lambda: not bar.isVisible())


def test_an_error_stays_until_it_is_closed(bar: NoticeBar, qtbot: QtBot) -> None:
    bar.error(GalleryLockedError())
    other = NoticeBar(bar._look)
    qtbot.addWidget(other)
    other.say("Saved.")
    qtbot.waitUntil(lambda: not other.isVisible(), timeout=10_000)
    assert bar.isVisible()
    assert "in use" in bar.words.text()

    qtbot.keyClick(bar.close_button, Qt.Key.Key_Space)

    assert not bar.isVisible()


def test_an_unexplained_failure_shows_no_technical_words(bar: NoticeBar) -> None:
    bar.error(KeyError("secret"))

    assert bar.words.text() == UNEXPLAINED


def test_what_it_offers_is_done_once(bar: NoticeBar) -> None:
    done: list[str] = []
    bar.say("Deleted.", act=("Undo", lambda: done.append("undo")))
    assert bar.act_button.text() == "Undo"

    bar.act_button.click()
    bar.act()

    assert done == ["undo"]
    assert not bar.isVisible()


def test_what_a_replaced_notice_offered_is_done_no_more(bar: NoticeBar) -> None:
    done: list[str] = []
    bar.say("First.", act=("Undo", lambda: done.append("undo")))
    bar.say("Second.")

    assert not bar.act_button.isVisible()
    bar.act()
    assert done == []


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_kind_is_shown_literally(bar: NoticeBar, kind: NoticeKind) -> None:
    bar.say("<b>x</b>", kind)

    assert bar.words.textFormat() == Qt.TextFormat.PlainText
    assert bar.accessibleDescription() == "<b>x</b>"
