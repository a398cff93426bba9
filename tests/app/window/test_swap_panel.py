"""Changing the model in the window: two real, tiny packs over the gallery in memory."""

import hashlib
from pathlib import Path

import msgspec
import pytest

from app.window.asking import Question
from app.window.main_window import MODELS, MainWindow
from core.settings import read_settings
from core.vision.packs import dump_card
from tests.app.window.packs import DIM
from tests.app.window.staging import RED, Stage, Until, model_card
from tests.core.vision.tiny_models import tiny_embedder


def install(stage: Stage, name: str, **facts: object) -> None:
    folder = stage.services.folders.models / name
    folder.mkdir(parents=True)
    data = tiny_embedder(dim=DIM)
    (folder / "model.onnx").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    card = msgspec.structs.replace(
        model_card(name), sha256=digest, embedding_size=DIM, title=name, **facts
    )
    (folder / "card.toml").write_bytes(dump_card(card))


@pytest.fixture
def page(window: MainWindow, stage: Stage, until: Until):
    pytest.importorskip("onnx", reason="the extra [training] makes the tiny recogniser")
    install(stage, "tiny")
    stage.enrol("Anna", RED)
    window.go_to(MODELS)
    until(lambda: window.models.list.count() > 0)
    page = window.models
    for row in range(page.list.count()):
        if page.list.item(row).text().startswith("tiny"):
            page.list.setCurrentRow(row)
    return page


def asked(window: MainWindow, page, until: Until) -> Question:
    page.use.click()
    until(lambda: bool(window.findChildren(Question)))
    return window.findChildren(Question)[0]


def test_what_a_change_would_do_is_said_before_it_is_done(
    window: MainWindow, page, stage: Stage, until: Until
) -> None:
    question = asked(window, page, until)

    words = " ".join(label.text() for label in question.words)
    assert "2 of 2 enrolled pictures" in words
    assert "threshold" in words
    question.reject()
    assert stage.gallery.templates.counts() == {stage.services.vision.embedder.model: 2}
    assert page._actions.live.settings().model == "painted"


def test_terms_that_forbid_commerce_are_shown_before_use(
    window: MainWindow, page, stage: Stage, until: Until
) -> None:
    install(stage, "strict", non_commercial=True, licence="CC-BY-NC-4.0")
    page.reload()
    until(lambda: page.list.count() > 3)
    page.list.setCurrentRow(
        next(row for row in range(page.list.count()) if "strict" in page.list.item(row).text())
    )

    question = asked(window, page, until)

    assert "CC-BY-NC-4.0" in question.words[0].text()
    question.reject()


def test_nobody_has_to_be_enrolled_again_and_there_is_a_way_back(
    window: MainWindow, page, stage: Stage, until: Until
) -> None:
    asked(window, page, until).go.click()
    until(lambda: "tiny is in use" in window.notices.words.text())

    settings: Path = stage.services.folders.settings_file
    assert (read_settings(settings).model, read_settings(settings).former_model) == (
        "tiny",
        "painted",
    )
    assert sorted(stage.gallery.templates.counts().values()) == [2, 2]
    until(page.back.isVisible)
    assert "painted" in page.back.text()


def test_the_former_model_can_be_let_go(
    window: MainWindow, page, stage: Stage, until: Until
) -> None:
    asked(window, page, until).go.click()
    until(lambda: "tiny is in use" in window.notices.words.text())

    page.let_go.click()
    window.models.findChildren(Question)[0].go.click()
    until(lambda: "were removed" in window.notices.words.text())

    assert len(stage.gallery.templates.counts()) == 1
    assert page._actions.live.settings().former_model == ""


def test_cancelled_half_way_the_former_model_decides(
    window: MainWindow, page, stage: Stage
) -> None:
    page.use.click()
    page.swap.strip.cancel.click()

    assert "not changed" in window.notices.words.text()
    assert page._actions.live.settings().model == "painted"


def test_whom_the_model_does_not_know_is_named(
    window: MainWindow, page, stage: Stage, until: Until
) -> None:
    stage.gallery._crops.clear()
    question = asked(window, page, until)
    assert "Anna: none of 2 pictures; capture again" in [it.text() for it in question.words]
    question.go.click()
    until(lambda: "tiny is in use" in window.notices.words.text())

    until(lambda: "Anna" in page.recapture.text())
