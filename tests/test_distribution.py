"""What a built wheel and source distribution carry, and that the wheel runs from anywhere."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".heic", ".bmp", ".tif", ".mp4")

# Synthetic people (MIT) and pictures of the program; everything else would have to be explained.
PICTURE_FOLDERS = (
    "resources/faces/",
    "resources/screenshots/",
    "resources/models/pocketnet-s-128/",
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Wheel and source distribution of this checkout."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


def names(archive: Path) -> list[str]:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.namelist()
    with tarfile.open(archive) as source:
        return [name.partition("/")[2] for name in source.getnames()]


@pytest.mark.parametrize("kind", [0, 1], ids=["wheel", "sdist"])
def test_no_picture_of_a_real_person_is_shipped(built: tuple[Path, Path], kind: int) -> None:
    pictures = [name for name in names(built[kind]) if name.lower().endswith(PICTURES)]

    assert [name for name in pictures if not name.startswith(PICTURE_FOLDERS)] == []


def test_the_wheel_carries_what_the_program_reads(built: tuple[Path, Path]) -> None:
    carried = set(names(built[0]))

    assert {
        "resources/models/pocketnet-s-128/model.onnx",
        "resources/models/pocketnet-s-128/card.toml",
        "resources/models/yunet/model.onnx",
        "resources/models/yunet/LICENSE",
        "resources/icons/verify.svg",
        "resources/fonts/Inter-Regular.ttf",
        "core/gallery/migrations/versions/r0001_first.py",
        "training/engine_cpu/engine.cpp",
    } <= carried


def test_the_installed_wheel_passes_its_own_check(built: tuple[Path, Path], tmp_path: Path) -> None:
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, "--target", str(site), str(built[0])], check=True)
    environment = {**os.environ, "PYTHONPATH": str(site), "POCKETFACE_HOME": str(tmp_path / "home")}

    done = subprocess.run(
        [sys.executable, "-P", "-m", "app", "doctor", "--json"],
        check=False,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["ok"] is True
