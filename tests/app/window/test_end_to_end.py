"""The whole window over real models: people who do not exist, enrolled and verified."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from app.demo.people import ANNA, STRANGER, DemoPerson, enrolment_pictures, probe_pictures
from app.demo.stage import camera_on
from app.widgets.look import Look
from app.window.main_window import ENROL, VERIFY, MainWindow
from app.window.program import Program
from core.domain.model_card import InputSpec
from core.ports import FrameSource
from core.settings import Settings, locate_folders
from core.vision.packs import dump_card
from core.wiring import Services, build
from tests.app.window.staging import Until, model_card, operating_point

pytestmark = [pytest.mark.model, pytest.mark.slow]

SFACE = "face_recognition_sface_2021dec.onnx"
# Published with the model for the FMR of about one in a thousand.
SFACE_THRESHOLD = 0.363


@pytest.fixture
def services(tmp_path: Path) -> Services:
    shared = os.environ.get("POCKETFACE_SHARED")
    if not shared or not (Path(shared) / "models" / SFACE).exists():
        pytest.skip("POCKETFACE_SHARED names no folder with SFace, the model of this test")
    folders = locate_folders(tmp_path)
    folder = folders.models / "sface"
    folder.mkdir(parents=True)
    data = (Path(shared) / "models" / SFACE).read_bytes()
    (folder / "model.onnx").write_bytes(data)
    card = msgspec.structs.replace(
        model_card("sface"),
        sha256=hashlib.sha256(data).hexdigest(),
        embedding_size=128,
        input=InputSpec(
            width=112, height=112, colour="rgb", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)
        ),
        operating_points=(
            operating_point(1e-2, SFACE_THRESHOLD - 0.1),
            operating_point(1e-3, SFACE_THRESHOLD),
        ),
    )
    (folder / "card.toml").write_bytes(dump_card(card))
    return build(Settings(model="sface", key_store="file", theme="light"), folders, None)


class Before:
    """Who stands before the simulated camera."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.pictures: tuple[Path, ...] = ()

    def open(self) -> FrameSource:
        return camera_on(self.pictures, self._services.vision.detector, pace=None)


@pytest.fixture
def stage(services: Services, look: Look, qtbot: QtBot) -> Iterator[tuple[MainWindow, Before]]:
    before = Before(services)
    window = MainWindow(look, services.close)
    window.attach(Program(services, "", before.open).actions())
    window.show()
    qtbot.addWidget(window)
    yield window, before
    window.close()


@pytest.fixture
def patiently(qtbot: QtBot) -> Callable[[Callable[[], bool]], None]:
    return lambda ready: qtbot.waitUntil(ready, timeout=90_000)


def enrol(window: MainWindow, person: DemoPerson) -> None:
    window.go_to(ENROL)
    window.enrol.form.name.setText(person.name)
    window.enrol.form.consent.setChecked(True)


def verify(window: MainWindow, before: Before, person: DemoPerson, patiently: Until) -> str:
    before.pictures = probe_pictures(person)
    window.go_to(VERIFY)
    patiently(lambda: window.verify.chooser.count() == 2)
    window.verify.chooser.setCurrentIndex(1)
    window.verify.start()
    patiently(lambda: window.verify.decided)
    window.verify.stop()
    return window.verify.card.headline.text()


def test_enrolled_from_pictures_she_is_verified_and_a_stranger_is_not(
    stage: tuple[MainWindow, Before], patiently: Until
) -> None:
    window, before = stage
    enrol(window, ANNA)
    window.enrol.with_pictures.click()
    window.enrol.pictures.look_at(enrolment_pictures(ANNA))
    patiently(window.enrol.save.isEnabled)
    window.enrol.save.click()
    patiently(lambda: "is enrolled" in window.notices.words.text())

    assert verify(window, before, ANNA, patiently) == f"Verified as {ANNA.name}"
    assert verify(window, before, STRANGER, patiently) == f"Not verified as {ANNA.name}"


def test_enrolled_live_in_five_poses_she_is_verified(
    stage: tuple[MainWindow, Before], patiently: Until
) -> None:
    window, before = stage
    before.pictures = enrolment_pictures(ANNA)
    enrol(window, ANNA)
    window.enrol.guided.toggle.click()
    patiently(window.enrol.save.isEnabled)
    assert window.enrol.guided.steps.done == 5
    window.enrol.save.click()
    patiently(lambda: "with 5 pictures" in window.notices.words.text())

    assert verify(window, before, ANNA, patiently) == f"Verified as {ANNA.name}"
