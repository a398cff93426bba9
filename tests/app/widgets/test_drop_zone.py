from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl, qVersion
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.widgets.drop_zone import DropZone
from app.widgets.look import Look


def data(*urls: str) -> QMimeData:
    result = QMimeData()
    result.setUrls([QUrl(url) for url in urls])
    return result


def enter(zone: DropZone, mime: QMimeData) -> bool:
    # Qt 6.12 wants the position as QPointF and warns about the other; versions before know only
    # the other.
    recent = tuple(int(part) for part in qVersion().split(".")[:2]) >= (6, 12)
    event = QDragEnterEvent(
        QPointF(5, 5) if recent else QPoint(5, 5),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    event.setAccepted(False)
    QApplication.sendEvent(zone, event)
    return event.isAccepted()


def drop(zone: DropZone, mime: QMimeData) -> None:
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(zone, event)


def make(qtbot: QtBot, look: Look) -> DropZone:
    zone = DropZone(look, "Drop pictures here", "Several pictures of one person.")
    qtbot.addWidget(zone)
    zone.show()
    return zone


def test_dropped_files_are_told_with_odd_names_intact(
    qtbot: QtBot, look: Look, tmp_path: Path
) -> None:
    zone = make(qtbot, look)
    odd = tmp_path / "Änna #1 100%?.jpg"
    dropped: list[list[Path]] = []
    zone.dropped.connect(dropped.append)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(odd))])

    assert enter(zone, mime)
    assert zone.property("over")
    drop(zone, mime)

    assert dropped == [[odd]]
    assert not zone.property("over")


def test_what_is_no_file_is_not_welcome(qtbot: QtBot, look: Look) -> None:
    zone = make(qtbot, look)
    dropped: list[list[Path]] = []
    zone.dropped.connect(dropped.append)

    assert not enter(zone, data("https://example.org/picture.jpg"))
    drop(zone, data("https://example.org/picture.jpg"))

    assert dropped == []
