from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.window.enrol_page import EnrolPage
from app.window.main_window import ENROL, PEOPLE, VERIFY, MainWindow
from core.capture.errors import CameraMissingError
from tests.app.window.staging import BLUE, RED, Stage, Until, painted


@pytest.fixture
def page(window: MainWindow) -> EnrolPage:
    window.go_to(ENROL)
    return window.enrol


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three pictures of one person."""
    paths = [tmp_path / f"picture {index}.png" for index in range(3)]
    for index, path in enumerate(paths):
        Image.fromarray(painted(RED, index).pixels[..., ::-1]).save(path, compress_level=0)
    return paths


def fill(page: EnrolPage, qtbot: QtBot, name: str = "Anna") -> None:
    page.form.name.clear()
    qtbot.keyClicks(page.form.name, name)
    page.form.consent.setChecked(True)


def take_pictures(page: EnrolPage, files: list[Path], until: Until) -> None:
    page.with_pictures.click()
    page.pictures.look_at(files)
    until(lambda: bool(page.pictures.outcomes.lines))


def test_without_name_and_consent_no_camera_opens(
    page: EnrolPage, window: MainWindow, stage: Stage, qtbot: QtBot
) -> None:
    page.guided.toggle.click()
    assert "name" in window.notices.words.text()
    qtbot.keyClicks(page.form.name, "Anna")
    page.guided.toggle.click()

    assert "agrees" in window.notices.words.text()
    assert stage.cameras == []


def test_the_camera_asks_for_poses_in_turn(
    page: EnrolPage, stage: Stage, qtbot: QtBot, until: Until
) -> None:
    fill(page, qtbot)
    stage.before_camera = RED
    page.guided.toggle.setFocus()
    qtbot.keyClick(page.guided.toggle, Qt.Key.Key_Space)
    until(lambda: page.guided.steps.done == 1)

    assert "to your left" in page.guided.view.hint


def test_someone_who_cannot_turn_is_enrolled_all_the_same(
    page: EnrolPage, stage: Stage, qtbot: QtBot, until: Until
) -> None:
    """After a while any pose will do; the frames' own clock says when."""
    fill(page, qtbot)
    stage.before_camera = RED
    page.guided.toggle.click()
    until(page.save.isEnabled)
    assert stage.cameras[0].closed
    page.save.click()
    until(lambda: bool(stage.gallery.subjects()))

    (anna,) = stage.gallery.subjects()
    assert (anna.name, anna.references) == ("Anna", 5)
    assert anna.consent.startswith("Given on 20")


def test_stopping_half_way_stores_nothing(
    page: EnrolPage, stage: Stage, qtbot: QtBot, until: Until
) -> None:
    fill(page, qtbot)
    stage.before_camera = RED
    page.guided.toggle.click()
    until(lambda: page.guided.steps.done == 1)
    page.guided.toggle.click()

    assert page.guided.steps.done == 0
    assert not page.save.isVisible()
    until(lambda: stage.cameras[0].closed)
    assert stage.gallery.subjects() == ()


def test_a_camera_that_fails_is_told(
    page: EnrolPage, window: MainWindow, stage: Stage, qtbot: QtBot, until: Until
) -> None:
    fill(page, qtbot)
    page.guided.toggle.click()
    until(lambda: bool(stage.cameras))
    stage.cameras[0].end(CameraMissingError(camera="Webcam"))
    until(window.notices.isVisible)

    assert "Webcam" in window.notices.words.text()
    assert page.guided.toggle.text() == "Start camera"


def test_an_enrolment_that_takes_too_long_says_so(
    page: EnrolPage, window: MainWindow, stage: Stage, qtbot: QtBot, until: Until
) -> None:
    fill(page, qtbot)
    page.guided.toggle.click()  # nobody stands before the camera
    until(window.notices.isVisible)

    assert "time was over" in window.notices.words.text()


def test_pictures_are_taken_and_each_refusal_has_its_reason(
    page: EnrolPage,
    stage: Stage,
    qtbot: QtBot,
    until: Until,
    files: list[Path],
    tmp_path: Path,
) -> None:
    fill(page, qtbot)
    text = tmp_path / "text.jpg"
    text.write_text("hello")
    stranger = tmp_path / "stranger.png"
    Image.fromarray(painted(BLUE).pixels[..., ::-1]).save(stranger, compress_level=0)
    take_pictures(page, [*files, text, stranger], until)

    lines = page.pictures.outcomes.lines
    assert [
        line.startswith(f"{path.name}: Taken") for line, path in zip(lines, files, strict=False)
    ] == [True] * 3
    assert "Not taken" in lines[3]
    assert "cannot be read" in lines[3]
    assert "does not resemble" in lines[4]
    until(page.save.isEnabled)
    page.save.click()
    until(lambda: bool(stage.gallery.subjects()))
    assert stage.gallery.subjects()[0].references == 3


def test_a_folder_of_pictures_is_taken_whole(
    page: EnrolPage, qtbot: QtBot, until: Until, files: list[Path]
) -> None:
    fill(page, qtbot)
    take_pictures(page, [files[0].parent], until)

    assert len(page.pictures.outcomes.lines) >= 3


def test_a_resemblance_is_told_before_anything_is_stored(
    page: EnrolPage, stage: Stage, qtbot: QtBot, until: Until, files: list[Path]
) -> None:
    stage.enrol("Berta", RED)
    fill(page, qtbot)
    take_pictures(page, files, until)
    until(page.warning.isVisible)

    assert "Berta" in page.warning.words.text()
    assert len(stage.gallery.subjects()) == 1


def test_a_name_that_is_taken_offers_to_add_the_pictures(
    page: EnrolPage,
    window: MainWindow,
    stage: Stage,
    qtbot: QtBot,
    until: Until,
    files: list[Path],
) -> None:
    stage.enrol("Anna", RED)
    fill(page, qtbot, "anna")
    take_pictures(page, files, until)
    page.save.click()
    until(window.notices.isVisible)
    assert "already enrolled" in window.notices.words.text()
    assert window.notices.act_button.text() == "Add to that person"

    window.notices.act()

    until(lambda: stage.gallery.subjects()[0].references == 5)


def test_who_was_enrolled_can_be_verified_next(
    page: EnrolPage,
    window: MainWindow,
    stage: Stage,
    qtbot: QtBot,
    until: Until,
    files: list[Path],
) -> None:
    fill(page, qtbot)
    take_pictures(page, files, until)
    page.save.click()
    until(lambda: window.notices.isVisible() and "is enrolled" in window.notices.words.text())
    until(lambda: window.verify.chooser.currentText() == "Anna")
    window.notices.act()

    assert window.rail.button(VERIFY).isChecked()
    assert page.form.name.text() == ""
    assert not page.form.consent.isChecked()


def test_leaving_the_page_keeps_what_was_taken(
    page: EnrolPage, window: MainWindow, qtbot: QtBot, until: Until, files: list[Path]
) -> None:
    fill(page, qtbot)
    take_pictures(page, files, until)
    window.go_to(PEOPLE)
    window.go_to(ENROL)

    assert page.save.isEnabled()
