"""A program for the tests: enrols in other processes, and kills some of them.

Usage: python killing.py kill|share DATA_DIR COUNT SEED. Prints the names that were committed.
"""

import os
import random
import select
import signal
import sys
from pathlib import Path

import alembic.command  # noqa: F401 - imported here once, not in each process that is forked

from core.gallery.sqlite_gallery import SqliteGallery
from core.settings import Folders, locate_folders
from tests.fakes.captures import make_capture
from tests.fakes.key_store import MemoryKeyStore

KEY = bytes(range(32))
CAPTURES = [make_capture(number) for number in range(3)]
LONGEST_LIFE_S = 0.2  # some enrolments, or the half of making a gallery
PATIENCE_S = 20.0  # for the first enrolment of a process, on a machine that is busy


def enrol_for_ever(folders: Folders, prefix: str, pipe: int, limit: int | None = None) -> None:
    """Enrol one subject after another; write each name to `pipe` once it is committed."""
    gallery = SqliteGallery.open(folders, MemoryKeyStore(KEY))
    number = 0
    while limit is None or number < limit:
        subject = gallery.enrol(f"{prefix} {number}", CAPTURES)
        if number % 3 == 2:
            gallery.delete(subject.subject_id)
            gallery.undo()
        os.write(pipe, f"{subject.name}\n".encode())
        number += 1
    gallery.close()


def start(folders: Folders, prefix: str, limit: int | None = None) -> tuple[int, int]:
    """Process id and the reading end of its pipe."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        enrol_for_ever(folders, prefix, writing, limit)
        os._exit(0)
    os.close(writing)
    return child, reading


def drain(pipe: int) -> str:
    """Everything written until the other end closed."""
    with os.fdopen(pipe, "rb") as stream:
        return stream.read().decode()


def kill_trial(folders: Folders, kills: int, seed: int) -> None:
    """Kill that many processes: some while they open the gallery, most while they enrol."""
    chance = random.Random(seed)
    for number in range(kills):
        child, pipe = start(folders, f"life {number}")
        if number % 4:
            select.select([pipe], [], [], PATIENCE_S)
        select.select([], [], [], chance.uniform(0, LONGEST_LIFE_S))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        sys.stdout.write(drain(pipe))


def share_trial(folders: Folders, subjects: int) -> None:
    """Let two processes make and fill one gallery at the same time."""
    children = [start(folders, f"process {number}", subjects) for number in range(2)]
    for child, pipe in children:
        sys.stdout.write(drain(pipe))
        assert os.waitpid(child, 0)[1] == 0


if __name__ == "__main__":
    what, data, count, seed = sys.argv[1:]
    where = locate_folders(Path(data))
    if what == "kill":
        kill_trial(where, int(count), int(seed))
    else:
        share_trial(where, int(count))
