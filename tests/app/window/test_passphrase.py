import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.widgets.look import Look
from app.window.passphrase import PassphraseAsker, PassphraseDialog
from core.errors import KeysDeniedError
from tests.app.window.staging import Until


@pytest.fixture
def parent(qtbot: QtBot, look: Look) -> Iterator[QWidget]:
    result = QWidget()
    qtbot.addWidget(result)
    result.show()
    yield result
    result.close()


class Asking(threading.Thread):
    """Asks on another thread, as the storage thread does."""

    def __init__(self, asker: PassphraseAsker) -> None:
        super().__init__()
        self._asker = asker
        self.answer: str | KeysDeniedError | None = None
        self.start()

    def run(self) -> None:
        try:
            self.answer = self._asker.ask()
        except KeysDeniedError as error:
            self.answer = error


def dialog_of(parent: QWidget, until: Until) -> PassphraseDialog:
    until(lambda: len(parent.findChildren(PassphraseDialog)) == 1)
    return parent.findChildren(PassphraseDialog)[0]


def test_the_passphrase_reaches_whoever_asked(parent: QWidget, qtbot: QtBot, until: Until) -> None:
    asking = Asking(PassphraseAsker(parent, lambda: False))
    dialog = dialog_of(parent, until)
    assert not dialog.second.isVisible()
    qtbot.keyClicks(dialog.first, "correct horse")
    qtbot.keyClick(dialog.first, Qt.Key.Key_Return)
    asking.join(3)

    assert asking.answer == "correct horse"


def test_a_new_one_is_typed_twice_alike(parent: QWidget, qtbot: QtBot, until: Until) -> None:
    asking = Asking(PassphraseAsker(parent, lambda: True))
    dialog = dialog_of(parent, until)
    qtbot.keyClicks(dialog.first, "correct horse")
    qtbot.keyClicks(dialog.second, "correct house")
    dialog._open.click()
    assert "not the same" in dialog.problem.text()
    assert asking.is_alive()
    dialog.second.setText("correct horse")
    dialog._open.click()
    asking.join(3)

    assert asking.answer == "correct horse"


def test_an_empty_one_is_not_taken(parent: QWidget, until: Until) -> None:
    asking = Asking(PassphraseAsker(parent, lambda: False))
    dialog = dialog_of(parent, until)
    dialog._open.click()
    assert "Type" in dialog.problem.text()
    dialog.reject()
    asking.join(3)

    assert isinstance(asking.answer, KeysDeniedError)


def test_closing_the_window_lets_go_whoever_asks(parent: QWidget, until: Until) -> None:
    asker = PassphraseAsker(parent, lambda: False)
    asking = Asking(asker)
    dialog_of(parent, until)
    asker.close()
    asking.join(3)

    assert isinstance(asking.answer, KeysDeniedError)


def test_what_is_typed_cannot_be_read(parent: QWidget, qtbot: QtBot) -> None:
    dialog = PassphraseDialog(parent, lambda _: None, new=True)
    qtbot.addWidget(dialog)

    assert dialog.first.echoMode() == dialog.first.EchoMode.Password
    assert dialog.second.echoMode() == dialog.second.EchoMode.Password
