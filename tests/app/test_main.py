import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.main import ensure_libraries, render_png, run, run_demo, screen_available
from core.errors import DisplayError, LibraryMissingError
from core.settings import Settings, locate_folders
from tests.app.window.staging import RED, Stage

ROOT = Path(__file__).parent.parent.parent
PROCESS_TIMEOUT_S = 120
XVFB = ("xvfb-run", "-a", "-s", "-screen 0 1400x900x24")

UNDER_XVFB = """
import sys
from core.opencv import cv2
from pathlib import Path
from app.main import run_demo, screen_available
from tests.app.window.staging import RED, make_stage
from PySide6.QtCore import QTimer
from app.window.start import application

assert screen_available(), "Xvfb is a screen"
stage = make_stage(Path(sys.argv[1]))
stage.enrol("Anna", RED)
stage.before_camera = RED
app = application()
seen = []

def look():
    windows = [w for w in app.topLevelWidgets() if w.isVisible()]
    if windows and windows[0].windowHandle().isExposed() and windows[0].verify.decided:
        seen.append(app.platformName())
        windows[0].grab().save(sys.argv[2])
        windows[0].close()

timer = QTimer()
timer.timeout.connect(look)
timer.start(50)
code = run_demo(stage.services, stage.open_camera, seconds=60)
print(cv2.__version__, seen[0], code)
"""


@pytest.fixture
def no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_screen_the_window_says_so_and_names_the_command_line(
    no_screen: None, tmp_path: Path, stage: Stage
) -> None:
    assert not screen_available()
    with pytest.raises(DisplayError, match="command line"):
        run(Settings(), locate_folders(tmp_path))
    with pytest.raises(DisplayError):
        run_demo(stage.services, stage.open_camera)


def test_asking_for_a_screen_loads_no_qt() -> None:
    code = "import sys, app.main; app.main.screen_available(); print('PySide6' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert answer.stdout.strip() == "False"


def test_this_machine_has_what_the_window_needs() -> None:
    ensure_libraries({"QT_QPA_PLATFORM": "offscreen"})


def test_a_picture_needs_no_screen(
    qapp: QApplication, no_screen: None, stage: Stage, tmp_path: Path
) -> None:
    stage.enrol("Anna", RED)
    stage.before_camera = RED

    path = render_png(tmp_path / "w.png", stage.services, stage.open_camera, subject="Anna")

    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_window_opens_on_a_real_screen_after_opencv_was_imported(tmp_path: Path) -> None:
    if sys.platform != "linux" or shutil.which("xvfb-run") is None:
        pytest.skip("xvfb-run is not installed, so there is no screen to open a window on")
    try:
        ensure_libraries({"QT_QPA_PLATFORM": "xcb"})
    except LibraryMissingError as error:
        pytest.skip(error.sentence)
    environ = {
        name: value
        for name, value in os.environ.items()
        if name not in {"QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY"}
    }
    picture = tmp_path / "window.png"
    answer = subprocess.run(
        [*XVFB, sys.executable, "-c", UNDER_XVFB, str(tmp_path), str(picture)],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=PROCESS_TIMEOUT_S,
        check=False,
    )

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split()[1:] == ["xcb", "0"]
    assert picture.stat().st_size > 20_000
