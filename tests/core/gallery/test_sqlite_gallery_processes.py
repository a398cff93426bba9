"""Several processes at one gallery, some of them killed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.gallery.sqlite_gallery import SqliteGallery
from core.settings import locate_folders
from tests.core.gallery.killing import KEY
from tests.fakes.captures import MODEL
from tests.fakes.key_store import MemoryKeyStore

ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).with_name("killing.py")
DURABILITY = Path(__file__).with_name("durability.py")
KILLS = 200  # the program itself takes any number: `python durability.py FOLDER 1000 1`
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the trial forks, which Windows cannot"),
]


def run_trial(what: str, data: Path, count: int) -> set[str]:
    """The names that were committed."""
    finished = subprocess.run(
        [sys.executable, str(PROGRAM), what, str(data), str(count), "1"],
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return set(finished.stdout.splitlines())


def test_killing_the_process_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    committed = run_trial("kill", tmp_path / "data", 20)

    gallery = SqliteGallery.open(locate_folders(tmp_path / "data"), MemoryKeyStore(KEY))
    found = {subject.name: subject.references for subject in gallery.subjects()}
    # A kill between delete and restore leaves a subject hidden, as the last commit had it.
    assert committed <= set(found)
    assert committed, "no process lived long enough to enrol anybody"
    assert set(found.values()) == {3}
    assert len(gallery.references(MODEL)) == 3 * len(found)
    assert gallery.damaged() == ()
    gallery.close()


def test_two_processes_make_and_fill_one_gallery_together(tmp_path: Path) -> None:
    committed = run_trial("share", tmp_path / "data", 15)

    gallery = SqliteGallery.open(locate_folders(tmp_path / "data"), MemoryKeyStore(KEY))
    assert {subject.name for subject in gallery.subjects()} == committed
    assert len(committed) == 30
    assert gallery.damaged() == ()
    gallery.close()


def test_killing_any_kind_of_write_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    """Enrolling, importing, re-embedding, rotating keys, upgrading, erasing, undoing, merging."""
    finished = subprocess.run(
        [sys.executable, str(DURABILITY), str(tmp_path), str(KILLS), "1"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1200,
    )

    assert finished.returncode == 0, finished.stderr[-2000:]
    assert finished.stdout.startswith(f"{KILLS} kills, nothing lost")
