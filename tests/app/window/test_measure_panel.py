"""Measuring in the window, with a real, tiny pack and painted people."""

import shutil

import numpy as np
import pytest

from app.cli.specimen import specimen
from app.window.main_window import MODELS, MainWindow
from core.opencv import cv2
from core.vision.packs import find_pack
from tests.app.cli.lines import save
from tests.app.window.staging import Stage, Until
from tests.app.window.test_swap_panel import install

PEOPLE, EXPOSURES = 4, (0.85, 0.95, 1.0, 1.05)


@pytest.fixture
def page(window: MainWindow, stage: Stage, until: Until):
    pytest.importorskip("onnx", reason="the extra [training] makes the tiny recogniser")
    install(stage, "tiny", operating_points=())
    window.go_to(MODELS)
    until(lambda: window.models.list.count() > 0)
    return window.models


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    root = tmp_path_factory.mktemp("people")
    for person in range(PEOPLE):
        (root / str(person)).mkdir()
        for picture in range(2):
            for gain in EXPOSURES:
                lit = cv2.convertScaleAbs(specimen(person, picture).pixels, alpha=gain)
                save(root / str(person) / f"{picture} {gain}.png", lit)
    save(root / "0" / "nobody.png", np.full((240, 320, 3), 128, np.uint8))
    return root


def test_an_added_model_is_measured_and_its_card_says_so(
    page, window: MainWindow, stage: Stage, people, until: Until
) -> None:
    page.measuring.measure("tiny", people)
    until(lambda: "Measured tiny" in window.notices.words.text())

    words = window.notices.words.text()
    assert "32 pictures of 4 people" in words
    assert "1 picture could not be used" in words
    card = find_pack("tiny", stage.services.folders.models).card
    assert [point.target_fmr for point in card.operating_points] == [1e-2]
    until(lambda: not page.measuring.strip.isVisible())


def test_a_clean_measurement_is_told_as_done(
    page, window: MainWindow, people, tmp_path, until: Until
) -> None:
    clean = tmp_path / "clean"
    shutil.copytree(people, clean)
    (clean / "0" / "nobody.png").unlink()

    page.measuring.measure("tiny", clean)
    until(lambda: "Measured tiny" in window.notices.words.text())

    assert "could not be used" not in window.notices.words.text()


def test_too_few_pictures_are_told(page, window: MainWindow, tmp_path, until: Until) -> None:
    page.measuring.measure("tiny", tmp_path)
    until(lambda: "are needed" in window.notices.words.text())


def test_only_added_models_are_measured(page) -> None:
    for row in range(page.list.count()):
        page.list.setCurrentRow(row)
        own = page.list.item(row).text().startswith("tiny")
        assert page.measure.isVisible() == own
