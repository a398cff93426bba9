from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.widgets.look import Look
from app.window.model_facts import FactsDialog
from core.vision.pack_source import BareFacts


@pytest.fixture
def parent(qtbot: QtBot, look: Look) -> QWidget:
    result = QWidget()
    qtbot.addWidget(result)
    return result


def stated(dialog: FactsDialog) -> list[BareFacts]:
    facts: list[BareFacts] = []
    dialog.stated.connect(facts.append)
    dialog._state()
    return facts


def test_one_number_stands_for_all_channels(parent: QWidget) -> None:
    dialog = FactsDialog(Path("/m/Net V2.onnx"), parent)
    dialog.mean.setText("127.5")
    dialog.std.setText("1, 2, 3")
    dialog.licence.setText("MIT")
    dialog.colour.setCurrentText("bgr")

    (facts,) = stated(dialog)

    assert facts == BareFacts(
        name="net-v2",
        colour="bgr",
        mean=(127.5, 127.5, 127.5),
        std=(1.0, 2.0, 3.0),
        licence="MIT",
        non_commercial=False,
    )


@pytest.mark.parametrize("text", ["", "one", "1,2", "1,2,3,4"])
def test_numbers_that_make_no_sense_are_told_and_asked_again(parent: QWidget, text: str) -> None:
    dialog = FactsDialog(Path("net.onnx"), parent)
    dialog.mean.setText(text)

    assert stated(dialog) == []
    assert "mean" in dialog.problem.text()
    dialog.mean.setText("0")
    assert len(stated(dialog)) == 1


def test_a_name_is_needed(parent: QWidget) -> None:
    dialog = FactsDialog(Path("net.onnx"), parent)
    dialog.name.setText("  ")

    assert stated(dialog) == []
    assert "name" in dialog.problem.text()


def test_without_a_licence_it_is_stated_as_unknown(parent: QWidget) -> None:
    (facts,) = stated(FactsDialog(Path("net.onnx"), parent))

    assert facts.licence == BareFacts("x", "rgb", (0, 0, 0), (1, 1, 1)).licence
