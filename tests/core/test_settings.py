from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import SettingsError, SettingsUnwritableError
from core.settings import (
    HOME_VARIABLE,
    Settings,
    locate_folders,
    read_settings,
    write_settings,
)


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "settings.toml") == Settings()


def test_settings_come_back_as_they_were_written(tmp_path: Path) -> None:
    chosen = Settings(
        source="rtsp://camera/é", target_fmr=1e-4, key_store="passphrase", keep_crops=False
    )
    path = tmp_path / "new folder" / "settings.toml"

    write_settings(path, chosen)

    assert read_settings(path) == chosen
    assert [entry.name for entry in path.parent.iterdir()] == ["settings.toml"]


def test_what_a_file_does_not_say_has_its_default(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('theme = "dark"\n')

    assert read_settings(path) == Settings(theme="dark")


@pytest.mark.parametrize(
    "text",
    [
        "colour = 1",
        "threads = 'two'",
        "threads = 0",
        "threads = 65",
        "target_fmr = 0.0",
        "target_fmr = 1.0",
        "target_fmr = nan",
        "verify_timeout_s = 0.5",
        "enrol_timeout_s = 3601.0",
        "key_store = 'cloud'",
        "theme = ",
        "theme = 'dark' # " + "x" * 70_000,
        "a = " + "[" * 5_000,
    ],
    ids=lambda text: text[:24],
)
def test_a_setting_that_cannot_be_used_is_refused_with_its_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)

    with pytest.raises(SettingsError, match=r"settings\.toml"):
        read_settings(path)

    assert path.read_text() == text


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b"\x00" * 100])
def test_bytes_that_are_no_text_are_refused(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "settings.toml").write_bytes(raw)

    with pytest.raises(SettingsError):
        read_settings(tmp_path / "settings.toml")


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        read_settings(tmp_path)


def test_settings_that_cannot_be_saved_leave_the_former_ones(tmp_path: Path) -> None:
    blocked = tmp_path / "settings.toml"
    blocked.mkdir()

    with pytest.raises(SettingsUnwritableError) as caught:
        write_settings(blocked, Settings())

    assert caught.value.exit_code == 4
    assert [entry.name for entry in tmp_path.iterdir()] == ["settings.toml"]


@settings(deadline=None)  # a disk may take its time
@given(
    fmr=st.floats(1e-9, 0.999),
    threads=st.integers(1, 64),
    timeout=st.floats(1, 3600),
)
def test_every_allowed_value_survives_the_file(
    tmp_path_factory: pytest.TempPathFactory, fmr: float, threads: int, timeout: float
) -> None:
    path = tmp_path_factory.getbasetemp() / "round trip.toml"
    chosen = Settings(target_fmr=fmr, threads=threads, verify_timeout_s=timeout)

    write_settings(path, chosen)

    assert read_settings(path) == chosen


def test_each_system_keeps_data_settings_and_logs_where_it_wants_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(HOME_VARIABLE, raising=False)

    folders = locate_folders()

    assert all("pocketface" in str(path) for path in (folders.data, folders.config, folders.logs))
    assert folders.gallery_file.parent == folders.data
    assert folders.settings_file.parent == folders.config


def test_the_variable_moves_everything_and_the_option_wins_over_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "variable"))

    moved, chosen = locate_folders(), locate_folders(tmp_path / "option")

    assert moved.data == moved.config == tmp_path / "variable"
    assert moved.logs == tmp_path / "variable" / "logs"
    assert chosen.data == chosen.config == tmp_path / "option"
    assert chosen.models == tmp_path / "option" / "models"


def test_no_folder_is_made_by_looking_for_it(tmp_path: Path) -> None:
    locate_folders(tmp_path / "data")

    assert list(tmp_path.iterdir()) == []
