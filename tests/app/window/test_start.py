from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QLabel
from pytestqt.qtbot import QtBot

from app.widgets.look import Look
from app.window.main_window import PEOPLE, MainWindow
from app.window.passphrase import PassphraseDialog
from app.window.start import FAILED_EXIT, Opening, open_demo, open_window, render
from core.security import passphrase
from core.settings import Folders, Settings
from tests.app.window.packs import tiny_home
from tests.app.window.staging import RED, Stage, Until


@pytest.fixture
def home(tmp_path: Path) -> tuple[Settings, Folders]:
    return tiny_home(tmp_path / "home")


@pytest.fixture
def begin(qtbot: QtBot, look: Look) -> Iterator[Callable[[Settings, Folders], Opening]]:
    openings: list[Opening] = []

    def start(settings: Settings, folders: Folders) -> Opening:
        opening = Opening(settings, folders, look, None)
        qtbot.addWidget(opening.window)
        opening.window.show()
        opening.begin()
        openings.append(opening)
        return opening

    yield start
    for opening in openings:
        opening.close()
        opening.window.close()


def texts(window: MainWindow) -> str:
    return "\n".join(label.text() for label in window.findChildren(QLabel) if label.isVisible())


def buttons(window: MainWindow) -> set[str]:
    found = window.findChildren(QAbstractButton)
    return {button.text() for button in found if button.isVisible()}


def press(window: MainWindow, words: str) -> None:
    (found,) = (
        button
        for button in window.findChildren(QAbstractButton)
        if button.isVisible() and button.text() == words
    )
    found.click()


def test_the_window_is_there_before_the_models_are(
    begin: Callable[..., Opening], home: tuple[Settings, Folders], until: Until
) -> None:
    opening = begin(*home)
    until(lambda: "Getting ready" in texts(opening.window))
    until(lambda: "Who is it?" in texts(opening.window))

    assert "The key of the gallery lies" in texts(opening.window)
    assert not opening.failed


def test_a_missing_model_is_told_and_the_built_in_one_offered(
    begin: Callable[..., Opening], home: tuple[Settings, Folders], until: Until
) -> None:
    settings, folders = home
    opening = begin(structs.replace(settings, model="gone"), folders)
    until(lambda: "'gone'" in texts(opening.window))
    assert "Use the built-in model" in buttons(opening.window)


def test_trying_again_works_once_the_cause_is_gone(
    begin: Callable[..., Opening], home: tuple[Settings, Folders], until: Until
) -> None:
    settings, folders = home
    folders.gallery_file.write_bytes(b"\0" * 4096)
    opening = begin(settings, folders)
    until(lambda: "Try again" in buttons(opening.window))
    assert folders.gallery_file.read_bytes() == b"\0" * 4096
    folders.gallery_file.unlink()

    press(opening.window, "Try again")

    until(lambda: "Who is it?" in texts(opening.window))
    assert not opening.failed


def test_a_passphrase_is_asked_for_in_the_window(
    begin: Callable[..., Opening], home: tuple[Settings, Folders], until: Until
) -> None:
    settings, folders = home
    opening = begin(structs.replace(settings, key_store="passphrase"), folders)
    until(lambda: bool(opening.window.findChildren(PassphraseDialog)))
    dialog = opening.window.findChildren(PassphraseDialog)[0]
    dialog.first.setText("correct horse")
    dialog.second.setText("correct horse")
    dialog._open.click()

    until(lambda: "Who is it?" in texts(opening.window))


def test_no_passphrase_leaves_the_gallery_locked_and_says_so(
    begin: Callable[..., Opening], home: tuple[Settings, Folders], until: Until
) -> None:
    settings, folders = home
    opening = begin(structs.replace(settings, key_store="passphrase"), folders)
    until(lambda: bool(opening.window.findChildren(PassphraseDialog)))
    opening.window.findChildren(PassphraseDialog)[0].reject()
    until(lambda: "locked" in texts(opening.window))


def test_the_program_runs_until_its_window_closes(
    qapp: object, home: tuple[Settings, Folders]
) -> None:
    settings, folders = home

    assert open_window(settings, folders, None, seconds=4.0) == 0
    assert folders.gallery_file.exists()


def test_a_program_that_could_not_begin_ends_with_a_fault(
    qapp: object, home: tuple[Settings, Folders]
) -> None:
    settings, folders = home
    settings = structs.replace(settings, model="gone")

    assert open_window(settings, folders, None, seconds=1.0) == FAILED_EXIT


def test_the_demonstration_closes_what_it_was_given(qapp: object, stage: Stage) -> None:
    stage.enrol("Anna", RED)
    stage.before_camera = RED

    assert open_demo(stage.services, stage.open_camera, "A demo", seconds=0.5) == 0
    assert stage.gallery.closed
    assert all(camera.closed for camera in stage.cameras)


def test_a_picture_of_the_window_shows_the_decision(
    qapp: object, stage: Stage, tmp_path: Path
) -> None:
    stage.enrol("Anna", RED)
    stage.before_camera = RED
    path = render(
        tmp_path / "bild ä.png", stage.services, stage.open_camera, "Anna", "dark", timeout_s=10
    )

    image = QImage(str(path))
    assert (image.width(), image.height()) >= (1200, 700)
    assert not stage.gallery.closed


def test_a_picture_is_made_although_nobody_comes(
    qapp: object, stage: Stage, tmp_path: Path
) -> None:
    stage.enrol("Anna", RED)

    path = render(
        tmp_path / "picture.png", stage.services, stage.open_camera, None, "light", timeout_s=0.3
    )

    assert path.stat().st_size > 10_000


def test_a_locked_window_shows_nothing_and_the_passphrase_opens_it_again(
    begin: Callable[..., Opening],
    home: tuple[Settings, Folders],
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passphrase, "ITERATIONS", 1)
    monkeypatch.setattr(passphrase, "MEMORY_KIB", 1024)
    settings, folders = home
    opening = begin(structs.replace(settings, key_store="passphrase"), folders)
    for words in ("", "wrong ", ""):
        until(lambda: any(one.isVisible() for one in dialogs(opening.window)))
        dialog = next(one for one in dialogs(opening.window) if one.isVisible())
        dialog.first.setText(f"{words}correct horse")
        dialog.second.setText("correct horse")
        dialog._open.click()
        if words:
            until(lambda: "passphrase is wrong" in texts(opening.window))
            press(opening.window, "Try again")
            continue
        until(lambda: "Who is it?" in texts(opening.window))
        opening.window.lock()
        until(lambda: "Its passphrase opens it again" in texts(opening.window))
        assert "Who is it?" not in texts(opening.window)
        assert not folders.gallery_file.with_name("gallery.sqlite-wal").exists()
        press(opening.window, "Unlock")
    until(lambda: any(one.isVisible() for one in dialogs(opening.window)))
    next(one for one in dialogs(opening.window) if one.isVisible()).reject()
    until(lambda: "locked" in texts(opening.window))


def dialogs(window: MainWindow) -> list[PassphraseDialog]:
    return window.findChildren(PassphraseDialog)


def test_a_gallery_without_a_passphrase_says_who_can_unlock_it(
    begin: Callable[..., Opening], home: tuple[Settings, Folders], until: Until, qtbot: QtBot
) -> None:
    opening = begin(*home)
    until(lambda: "Who is it?" in texts(opening.window))
    opening.window.activateWindow()
    qtbot.keyClick(opening.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    until(lambda: "whoever uses this account" in texts(opening.window))

    press(opening.window, "Unlock")

    until(lambda: "Who is it?" in texts(opening.window))
    opening.window.go_to(PEOPLE)
    until(lambda: "Nobody is enrolled yet" in texts(opening.window))
