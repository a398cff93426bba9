"""Whether a window can be shown here, asked before Qt is: Qt itself aborts the process."""

import ctypes
import importlib
import os
import re
import socket
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from core.errors import LibraryMissingError

PROBE_TIMEOUT_S = 1.0  # a screen on this machine answers in microseconds, over ssh in tenths
X11_BASE_PORT = 6000  # display N listens at this port plus N
X11_SOCKETS = Path("/tmp/.X11-unix")  # noqa: S108 - fixed by the X server, not ours to choose

_DISPLAY = re.compile(r"(?P<host>[^:]*):(?P<number>\d+)(\.\d+)?")

# What Qt's wheels leave to the system, and the Debian package of each.
DEBIAN_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libX11-xcb.so.1": "libx11-xcb1",
}
# Only the X11 platform plugin links these; Qt aborts rather than tells which one is missing.
X11_LIBRARIES = tuple(name for name in DEBIAN_PACKAGES if "xcb" in name or "x11" in name)

_LOADER_COMPLAINT = re.compile(r"(?P<library>lib[\w.+-]+\.so[.\d]*)")


def screen_available(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Whether Qt would find a screen, without importing Qt.

    A platform that was asked for by name (QT_QPA_PLATFORM) is believed.
    """
    if environ.get("QT_QPA_PLATFORM"):
        return True
    if platform in {"win32", "darwin"}:
        return True
    return _wayland_answers(environ) or _x11_answers(environ)


def ensure_libraries(environ: Mapping[str, str] = os.environ) -> None:
    """Load what the window needs from the system.

    Raises:
        LibraryMissingError: Names the library and the package that brings it.
    """
    try:
        importlib.import_module("PySide6.QtWidgets")
        importlib.import_module("PySide6.QtSvg")
    except ImportError as error:
        found = _LOADER_COMPLAINT.search(str(error))
        if found is None:
            raise LibraryMissingError(
                feature="The window",
                library="PySide6",
                remedy="pip install --force-reinstall pyside6-essentials",
            ) from error
        raise missing_libraries(found["library"]) from error
    if sys.platform == "linux" and _uses_x11(environ):
        absent = [library for library in X11_LIBRARIES if not _loadable(library)]
        if absent:
            raise missing_libraries(*absent)


def missing_libraries(*libraries: str) -> LibraryMissingError:
    """The failure that names system libraries and their Debian packages, all in one go."""
    known = [DEBIAN_PACKAGES[library] for library in libraries if library in DEBIAN_PACKAGES]
    remedy = (
        f"sudo apt-get install {' '.join(dict.fromkeys(known))}"
        if known
        else "the package of your system that contains it"
    )
    return LibraryMissingError(feature="The window", library=" and ".join(libraries), remedy=remedy)


def _uses_x11(environ: Mapping[str, str]) -> bool:
    asked = environ.get("QT_QPA_PLATFORM", "")
    return asked.startswith("xcb") or (not asked and not _wayland_answers(environ))


def _loadable(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _wayland_answers(environ: Mapping[str, str]) -> bool:
    name = environ.get("WAYLAND_DISPLAY")
    if not name:
        return False
    path = Path(environ.get("XDG_RUNTIME_DIR", "/run")) / name
    return _connects(path)


def _x11_answers(environ: Mapping[str, str]) -> bool:
    parsed = _DISPLAY.fullmatch(environ.get("DISPLAY", ""))
    if parsed is None:
        return False
    number = int(parsed["number"])
    host = parsed["host"].removeprefix("unix")
    if host in {"", "/"}:
        return (
            _connects(X11_SOCKETS / f"X{number}")
            # Linux servers also listen in the abstract name space, where no file shows.
            or _connects_unix(f"\0{X11_SOCKETS}/X{number}")
            or _connects_tcp("localhost", X11_BASE_PORT + number)
        )
    return _connects_tcp(host, X11_BASE_PORT + number)


def _connects(path: Path) -> bool:
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            return False
    except OSError:
        return False
    return _connects_unix(str(path))


def _connects_unix(address: str) -> bool:
    if not hasattr(socket, "AF_UNIX"):
        return False
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(PROBE_TIMEOUT_S)
            probe.connect(address)
    except OSError:
        return False
    return True


def _connects_tcp(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=PROBE_TIMEOUT_S):
            return True
    except OSError:
        return False
