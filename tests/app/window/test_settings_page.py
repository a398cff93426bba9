import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.window.main_window import SETTINGS, VERIFY, MainWindow
from app.window.settings_page import SettingsPage
from core.settings import Settings, read_settings
from tests.app.window.staging import Stage, Until


@pytest.fixture
def page(window: MainWindow) -> SettingsPage:
    window.go_to(SETTINGS)
    return window.settings


def saved(stage: Stage) -> Settings:
    return read_settings(stage.services.folders.settings_file)


def test_it_shows_the_settings_in_use_and_has_nothing_to_save(page: SettingsPage) -> None:
    assert page.source.currentText() == "0"
    assert page.policy.currentData() == "largest"
    assert page.fmr.currentData() == 1e-3
    assert "1 in 1,000" in page.fmr.currentText()
    assert not page.save.isEnabled()


def test_changes_are_saved_and_take_effect(
    page: SettingsPage, window: MainWindow, stage: Stage, qtbot: QtBot, until: Until
) -> None:
    page.source.setEditText("/films/hall.mp4")
    page.fmr.setCurrentIndex(page.fmr.findData(1e-2))
    page.policy.setCurrentIndex(page.policy.findData("exactly-one"))
    page.verify_timeout.setValue(20)
    page.save.setFocus()
    qtbot.keyClick(page.save, Qt.Key.Key_Space)
    until(window.notices.isVisible)

    settings = saved(stage)
    assert settings.source == "/films/hall.mp4"
    assert (settings.target_fmr, settings.face_policy) == (1e-2, "exactly-one")
    assert settings.verify_timeout_s == 20
    assert window.verify._actions.live.point().threshold == 0.9
    assert window.notices.words.text() == "Saved."
    assert not page.save.isEnabled()


def test_what_concerns_storage_asks_for_a_restart(
    page: SettingsPage, window: MainWindow, until: Until
) -> None:
    page.crops.setChecked(False)
    page.save.click()
    until(window.notices.isVisible)

    assert "restart" in window.notices.words.text()


def test_a_theme_is_worn_at_once(page: SettingsPage, window: MainWindow, until: Until) -> None:
    page.theme.setCurrentIndex(page.theme.findData("dark"))
    page.save.click()

    until(lambda: window.desk.look.palette.dark)


def test_reverting_brings_the_settings_in_use_back(page: SettingsPage) -> None:
    page.threads.setValue(7)
    assert page.save.isEnabled()

    page.revert.click()

    assert page.threads.value() == 1
    assert not page.save.isEnabled()


def test_edits_that_were_not_saved_are_gone_on_return(
    page: SettingsPage, window: MainWindow
) -> None:
    page.threads.setValue(7)
    window.go_to(VERIFY)
    window.go_to(SETTINGS)

    assert page.threads.value() == 1


def test_a_folder_that_refuses_changes_nothing_and_says_so(
    page: SettingsPage, window: MainWindow, stage: Stage, until: Until
) -> None:
    stage.services.folders.settings_file.mkdir()  # a folder where the file should be
    page.threads.setValue(1)
    page.verify_timeout.setValue(33)
    page.save.click()
    until(window.notices.isVisible)

    assert "cannot be saved" in window.notices.words.text()
    assert window.verify._actions.live.settings().verify_timeout_s == 10
    assert page.save.isEnabled()


def test_an_empty_source_stays_what_it_was(page: SettingsPage) -> None:
    page.source.setEditText("   ")

    assert page.edited().source == "0"


def test_cameras_are_listed_by_name_and_the_choice_is_kept(
    page: SettingsPage, window: MainWindow, until: Until
) -> None:
    page.source.setEditText("rtsp://hall")
    page._show_cameras(())
    assert "No camera" in window.notices.words.text()

    page.finder.click()
    until(page.finder.isEnabled)

    assert page.source.currentText() == "rtsp://hall"
    page.source.hidePopup()


def test_privacy_is_saved_and_another_threshold_is_written_down(
    page: SettingsPage, stage: Stage, until: Until
) -> None:
    page.kiosk.setChecked(True)
    page.audit.setChecked(True)
    page.attempts.setValue(0)
    page.pause.setValue(60)
    page.undo_days.setValue(7)
    page.fmr.setCurrentIndex(page.fmr.findData(1e-2))
    page.save.click()
    until(lambda: bool(stage.services.store.ledger.events()))

    settings = saved(stage)
    assert (settings.kiosk, settings.audit_verifications, settings.undo_days) == (True, True, 7)
    assert (settings.attempt_limit, settings.attempt_window_s) == (0, 60)
    [event] = stage.services.store.ledger.events()
    assert (event.kind, event.detail) == ("threshold_changed", "FMR 0.001 to 0.01")
