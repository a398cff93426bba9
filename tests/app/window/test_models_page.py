import hashlib
from pathlib import Path

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from app.window.main_window import MODELS, MainWindow
from app.window.model_facts import FactsDialog
from app.window.models_page import ModelsPage
from core.vision.packs import dump_card
from tests.app.window.staging import Stage, Until, model_card


def install(stage: Stage, name: str, data: bytes = b"weights", **facts: object) -> Path:
    """A pack whose card is right, although its weights are none."""
    folder = stage.services.folders.models / name
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    card = msgspec.structs.replace(
        model_card(name), sha256=digest, title=f"Title of {name}", **facts
    )
    (folder / "card.toml").write_bytes(dump_card(card))
    (folder / "MODEL_CARD.md").write_text("<b>Made</b> for tests.")
    return folder


@pytest.fixture
def page(window: MainWindow, stage: Stage, until: Until) -> ModelsPage:
    install(stage, "other")
    broken = stage.services.folders.models / "broken"
    broken.mkdir()
    (broken / "card.toml").write_text("nonsense = [")
    window.go_to(MODELS)
    until(lambda: window.models.list.count() > 0)
    return window.models


def choose(page: ModelsPage, words: str) -> None:
    for row in range(page.list.count()):
        if words in page.list.item(row).text():
            page.list.setCurrentRow(row)
            return
    raise AssertionError([page.list.item(row).text() for row in range(page.list.count())])


def test_built_in_and_added_packs_are_listed(page: ModelsPage) -> None:
    texts = [page.list.item(row).text() for row in range(page.list.count())]

    assert any("finds faces" in text for text in texts)
    assert any("Title of other" in text for text in texts)
    assert any("broken" in text and "Cannot be used" in text for text in texts)


def test_a_pack_in_use_or_built_in_cannot_be_removed(page: ModelsPage) -> None:
    choose(page, "finds faces")
    assert not page.remove.isVisible()
    assert not page.use.isVisible()

    choose(page, "Title of other")

    assert page.remove.isEnabled()
    assert page.use.isEnabled()


def test_a_pack_that_cannot_be_opened_is_refused_and_the_old_one_stays(
    page: ModelsPage, window: MainWindow, until: Until
) -> None:
    choose(page, "Title of other")
    page.use.click()
    until(lambda: "cannot be used" in window.notices.words.text())

    assert window.verify._actions.live.settings().model == "painted"


def test_removing_a_pack(page: ModelsPage, stage: Stage, window: MainWindow, until: Until) -> None:
    choose(page, "Title of other")
    page.remove.click()
    until(lambda: "Removed other" in window.notices.words.text())

    assert not (stage.services.folders.models / "other").exists()


def test_a_file_that_is_no_pack_is_refused_in_words(
    page: ModelsPage, window: MainWindow, stage: Stage, tmp_path: Path, until: Until
) -> None:
    wrong = tmp_path / "holiday.zip"
    wrong.write_bytes(b"no zip at all")
    page.add(wrong)
    until(lambda: not window.notices.words.text().startswith("Trying"))

    assert window.notices.words.text().endswith(".")
    assert not (stage.services.folders.models / "holiday").exists()


def test_a_bare_file_asks_for_the_facts_first(
    page: ModelsPage, window: MainWindow, tmp_path: Path, qtbot: QtBot, until: Until
) -> None:
    bare = tmp_path / "My Face Net.onnx"
    bare.write_bytes(b"no graph")
    page.add(bare)
    (dialog,) = page.findChildren(FactsDialog)
    assert dialog.name.text() == "my-face-net"
    dialog._state()

    until(lambda: "cannot be" in window.notices.words.text())
