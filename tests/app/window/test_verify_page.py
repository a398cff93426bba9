import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.widgets.look import Look
from app.window.main_window import ENROL, PEOPLE, SETTINGS, MainWindow
from app.window.verify_page import ANYONE
from core.capture.errors import CameraLostError
from tests.app.window.staging import BLUE, GREEN, RED, Stage, Until, make_stage, open_window


def ready(window: MainWindow, people: int, until: Until) -> None:
    window.verify.reload()
    until(lambda: window.verify.chooser.count() == people + 1)


def test_the_claimed_person_is_verified_by_keyboard_alone(
    window: MainWindow, stage: Stage, qtbot: QtBot, until: Until
) -> None:
    stage.enrol("Anna", RED)
    ready(window, 1, until)
    window.verify.chooser.setFocus()
    qtbot.keyClick(window.verify.chooser, Qt.Key.Key_Down)
    window.verify.toggle.setFocus()
    stage.before_camera = RED
    qtbot.keyClick(window.verify.toggle, Qt.Key.Key_Space)
    until(lambda: window.verify.decided)

    assert window.verify.card.headline.text() == "Verified as Anna"
    assert "1 stranger in" in window.verify.card.rate.text()
    assert "%" not in window.verify.card.rate.text().replace("95 %", "")
    assert "reaches" in window.verify.card.meter.accessibleDescription()


def test_somebody_else_is_refused(window: MainWindow, stage: Stage, until: Until) -> None:
    anna = stage.enrol("Anna", RED)
    ready(window, 1, until)
    window.verify.choose(anna.subject_id)
    stage.before_camera = BLUE
    window.verify.start()
    until(lambda: window.verify.decided)

    assert window.verify.card.headline.text() == "Not verified as Anna"
    assert not window.verify.card.rate.isVisible()


def test_a_stranger_among_enrolled_people_is_unknown(
    window: MainWindow, stage: Stage, until: Until
) -> None:
    stage.enrol("Anna", RED)
    stage.enrol("Ben", BLUE)
    ready(window, 2, until)
    assert window.verify.chooser.currentText() == ANYONE
    stage.before_camera = GREEN
    window.verify.start()
    until(lambda: window.verify.decided)

    assert window.verify.card.headline.text() == "Unknown person"


def test_trying_again_forgets_the_answer_and_can_give_another(
    window: MainWindow, stage: Stage, until: Until
) -> None:
    stage.enrol("Anna", RED)
    stage.enrol("Ben", BLUE)
    ready(window, 2, until)
    stage.before_camera = RED
    window.verify.start()
    until(lambda: window.verify.decided)
    assert window.verify.card.headline.text() == "This is Anna"

    stage.cameras[0].person = BLUE
    window.verify.card.again.click()

    until(lambda: window.verify.card.headline.text() == "This is Ben")
    assert len(stage.cameras) == 1


def test_an_empty_view_asks_for_a_face(window: MainWindow, stage: Stage, until: Until) -> None:
    stage.enrol("Anna", RED)
    ready(window, 1, until)
    window.verify.start()
    until(lambda: window.verify.view.frame is not None)

    assert "No face is in view" in window.verify.view.hint
    assert "No face is in view" in window.verify.view.accessibleDescription()


def test_a_lost_camera_is_told_in_a_sentence_and_can_be_started_again(
    window: MainWindow, stage: Stage, until: Until
) -> None:
    stage.enrol("Anna", RED)
    ready(window, 1, until)
    window.verify.start()
    until(lambda: bool(stage.cameras))
    stage.cameras[0].end(CameraLostError(camera="Webcam", waited_s=10))
    until(window.notices.isVisible)

    assert "Webcam" in window.notices.words.text()
    assert window.verify.toggle.text() == "Start camera"
    window.verify.toggle.click()
    until(lambda: len(stage.cameras) == 2)
    window.notices.act()
    assert window.rail.button(SETTINGS).isChecked()
    assert window.settings.source.hasFocus() or not window.isActiveWindow()


def test_a_source_that_ends_leaves_its_answer(
    window: MainWindow, stage: Stage, until: Until
) -> None:
    stage.enrol("Anna", RED)
    ready(window, 1, until)
    stage.before_camera = RED
    window.verify.start()
    until(lambda: window.verify.decided)
    stage.cameras[0].end()
    until(lambda: window.verify.toggle.text() == "Start camera")

    assert window.verify.card.headline.text() == "This is Anna"
    assert window.verify.view.frame is not None


def test_leaving_the_page_switches_the_camera_off(
    window: MainWindow, stage: Stage, until: Until
) -> None:
    stage.enrol("Anna", RED)
    ready(window, 1, until)
    window.verify.start()
    until(lambda: bool(stage.cameras))

    window.go_to(PEOPLE)

    until(lambda: stage.cameras[0].closed)
    assert not window.live.running


def test_where_nobody_is_enrolled_the_way_there_is_offered(
    window: MainWindow, until: Until
) -> None:
    ready(window, 0, until)
    assert window.verify.enrol.isVisible()

    window.verify.enrol.click()

    assert window.rail.button(ENROL).isChecked()


def test_a_person_who_was_enrolled_with_another_model_gets_no_decision(
    window: MainWindow, stage: Stage, until: Until
) -> None:
    anna = stage.enrol("Anna", RED)
    stage.services.vision.embedder.model = "another"
    ready(window, 1, until)
    window.verify.choose(anna.subject_id)
    window.verify.start()
    until(lambda: window.verify.decided)

    assert window.verify.card.headline.text() == "No decision"
    assert "model" in window.verify.card.explanation.text()


def test_the_demonstration_starts_by_itself(
    stage: Stage, look: Look, qtbot: QtBot, until: Until
) -> None:
    stage.enrol("Anna", RED)
    window = open_window(stage, look, banner="A demonstration")
    qtbot.addWidget(window)
    stage.before_camera = RED
    window.verify.start_when_ready("Anna")
    until(lambda: window.verify.decided)

    assert window.verify.card.headline.text() == "Verified as Anna"
    window.close()


def test_a_kiosk_shows_the_answer_and_neither_name_nor_score(
    look: Look, qtbot: QtBot, tmp_path: Path, until: Until
) -> None:
    stage = make_stage(tmp_path)
    settings = structs.replace(stage.services.settings, kiosk=True)
    stage.services = replace(stage.services, settings=settings)
    stage.enrol("Anna", RED)
    window = open_window(stage, look)
    qtbot.addWidget(window)
    until(lambda: bool(window.verify._people))
    assert not window.verify.chooser.isVisible()
    stage.before_camera = RED
    window.verify.start()
    until(lambda: window.verify.decided)

    shown = [one.text() for one in window.verify.findChildren(QLabel) if one.isVisible()]
    assert window.verify.card.headline.text() == "Accepted"
    assert not re.search(r"Anna|0\.\d\d", " ".join(shown))
    assert not window.verify.card.meter.isVisible()
    window.close()


def test_after_five_failures_the_camera_stays_off_and_it_says_how_long(
    window: MainWindow, stage: Stage, until: Until
) -> None:
    anna = stage.enrol("Anna", RED)
    for _ in range(5):
        stage.services.store.ledger.add_failure(datetime.now(UTC), datetime.min.replace(tzinfo=UTC))
    ready(window, 1, until)
    window.verify.choose(anna.subject_id)
    window.verify.start()
    until(window.notices.isVisible)

    assert "the next one is possible in 3 minutes" in window.notices.words.text()
    assert stage.cameras == []


def test_a_refusal_before_the_camera_is_counted(
    window: MainWindow, stage: Stage, until: Until
) -> None:
    anna = stage.enrol("Anna", RED)
    ready(window, 1, until)
    window.verify.choose(anna.subject_id)
    stage.before_camera = BLUE
    window.verify.start()

    until(lambda: len(stage.services.store.ledger.failures()) == 1)
