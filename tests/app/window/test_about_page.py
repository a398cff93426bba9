from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.version import program_version
from app.window.main_window import ABOUT, MainWindow
from tests.app.window.staging import Stage, Until


def test_versions_places_licences_and_models_are_stated(
    window: MainWindow, stage: Stage, qtbot: QtBot, until: Until
) -> None:
    window.go_to(ABOUT)

    def texts() -> str:
        return "\n".join(widget.text() for widget in window.about.findChildren(QLabel))

    until(lambda: "YuNet" in texts() and "onnxruntime" in texts())

    shown = texts()
    assert program_version() in shown
    assert str(stage.services.folders.gallery_file) in shown
    assert "in the system key ring" in shown
    assert "LGPL-3.0-only" in shown
    assert "MIT" in shown
