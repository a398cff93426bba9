from collections.abc import Sequence
from pathlib import Path

from pytestqt.qtbot import QtBot

from app.runtime.threads import Control, Progress
from app.window.actions import BackgroundActions, PictureOutcome
from app.window.enrol_pictures import PictureCaptures
from app.window.main_window import MainWindow
from core.errors import GalleryLockedError
from tests.app.window.staging import Until
from tests.fakes.captures import make_capture


def actions(look_at: object) -> BackgroundActions:
    return BackgroundActions(
        captures_from=look_at,
        models=tuple,
        add_model=lambda *_: None,
        measure_model=lambda *_: None,
        remove_model=lambda _: None,
        cameras=tuple,
        apply_settings=lambda _: None,
    )


def test_how_far_it_is_can_be_seen(window: MainWindow, qtbot: QtBot, until: Until) -> None:
    def look_at(paths: Sequence[Path], control: Control) -> tuple[PictureOutcome, ...]:
        control.report(Progress(1, len(paths)))
        return (PictureOutcome("a.jpg", make_capture(), ""), PictureOutcome("b", None, "Blurred."))

    page = PictureCaptures(window.desk, actions(look_at))
    qtbot.addWidget(page)
    page.show()
    with qtbot.waitSignal(page.looked, timeout=10_000) as looked:
        page.look_at([Path("a.jpg"), Path("b")])
        assert page.progress.isVisible()

    assert page.progress.value() == 1
    assert len(looked.args[0]) == 1
    assert page.summary.text() == "1 picture taken, 1 not taken."
    assert page.outcomes.lines == ("a.jpg: Taken.", "b: Not taken. Blurred.")


def test_a_failure_is_a_notice(window: MainWindow, qtbot: QtBot, until: Until) -> None:
    def look_at(paths: Sequence[Path], control: Control) -> tuple[PictureOutcome, ...]:
        raise GalleryLockedError

    page = PictureCaptures(window.desk, actions(look_at))
    qtbot.addWidget(page)
    page.look_at([Path("a.jpg")])
    until(window.notices.isVisible)

    assert not page.progress.isVisible()
