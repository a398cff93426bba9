import socket
from pathlib import Path

import pytest

from app.runtime import screen
from app.runtime.screen import DEBIAN_PACKAGES, missing_libraries, screen_available


@pytest.fixture
def sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of the one where X servers listen."""
    monkeypatch.setattr(screen, "X11_SOCKETS", tmp_path)
    return tmp_path


def test_without_a_display_there_is_no_screen() -> None:
    assert not screen_available({}, "linux")


def test_a_display_that_nobody_serves_is_no_screen(sockets: Path) -> None:
    assert not screen_available({"DISPLAY": ":4711"}, "linux")


def test_a_display_that_answers_is_a_screen(sockets: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(sockets / "X4711"))
        server.listen()

        assert screen_available({"DISPLAY": ":4711.0"}, "linux")


def test_a_file_in_place_of_a_socket_is_no_screen(sockets: Path) -> None:
    (sockets / "X4711").write_text("")

    assert not screen_available({"DISPLAY": ":4711"}, "linux")


@pytest.mark.parametrize("display", ["", "nonsense", ":", "host:port", ":0;rm"])
def test_a_malformed_display_is_no_screen(display: str) -> None:
    assert not screen_available({"DISPLAY": display}, "linux")


def test_a_wayland_socket_that_answers_is_a_screen(tmp_path: Path) -> None:
    environ = {"WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": str(tmp_path)}
    assert not screen_available(environ, "linux")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wayland-7"))
        server.listen()

        assert screen_available(environ, "linux")


def test_a_platform_that_was_asked_for_is_believed() -> None:
    assert screen_available({"QT_QPA_PLATFORM": "offscreen"}, "linux")


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_windows_and_macos_always_have_a_screen(platform: str) -> None:
    assert screen_available({}, platform)


def test_a_missing_library_is_named_with_its_package() -> None:
    error = missing_libraries("libxcb-cursor.so.0", "libxcb-icccm.so.4")

    assert "libxcb-cursor.so.0 and libxcb-icccm.so.4" in error.sentence
    assert "apt-get install libxcb-cursor0 libxcb-icccm4" in error.sentence


def test_an_unknown_library_is_named_all_the_same() -> None:
    assert "libstrange.so.9" in missing_libraries("libstrange.so.9").sentence


def test_every_library_of_the_x11_platform_has_its_package() -> None:
    assert set(screen.X11_LIBRARIES) <= set(DEBIAN_PACKAGES)
    assert "libxcb-cursor.so.0" in screen.X11_LIBRARIES
