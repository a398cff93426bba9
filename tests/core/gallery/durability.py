"""A program for the tests: kills a process at random moments of every kind of write.

Usage: python durability.py DATA_DIR KILLS SEED. After each kill the gallery is opened again and
compared with what was committed; the first difference ends the run with an error. Prints one line
of figures.

For the full run: `python tests/core/gallery/durability.py $(mktemp -d) 1000 1`.
"""

import json
import os
import random
import select
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import alembic.command  # noqa: F401 - imported here once, not in each process that is forked

from core.domain.importing import OnConflict
from core.domain.key_change import KeyWish
from core.domain.template import SubjectId
from core.gallery.keys import GalleryKeys
from core.gallery.ledger import SqliteLedger
from core.gallery.opening import recall_key_record
from core.gallery.sqlite_gallery import SqliteGallery
from core.security.key_store import choose_key_store
from core.settings import Folders, locate_folders
from tests.fakes.captures import MODEL, OTHER_MODEL, make_capture
from tests.fakes.holdings import make_held

FORMATS = Path(__file__).parents[2] / "formats"
LONGEST_LIFE_S = 0.25  # a few writes, or the half of an upgrade or rotation
PATIENCE_S = 30.0  # for the first commit of a process, on a machine that is busy
OLD_GALLERY_EVERY = 10  # kills: begin anew with a gallery that has to be upgraded
OLD_NAMES = ("Anna Ärmel", "Bob", "Doris")
CAPTURES = [make_capture(number) for number in range(2)]
DEEDS = ("enrol", "import_", "re-embed", "rotate", "erase", "undo", "merge")


def open_gallery(folders: Folders) -> tuple[SqliteGallery, GalleryKeys]:
    recall_key_record(folders)
    store = choose_key_store("file", folders, None)
    gallery = SqliteGallery.open(folders, store)
    return gallery, GalleryKeys(gallery.store, folders, store)


@dataclass
class Life:
    """One process that writes until it is killed, and says what it begins and what it has done."""

    folders: Folders
    number: int
    pipe: int
    chance: random.Random
    made: Iterator[int] = field(default_factory=count)

    def run(self) -> None:
        self.gallery, self.keys = open_gallery(self.folders)
        self.say("done", "open")
        while True:
            deed = self.chance.choice(DEEDS)
            getattr(self, deed.replace("-", "_"))()

    def say(self, when: str, deed: str, *names: str) -> None:
        os.write(self.pipe, (json.dumps([when, deed, *names]) + "\n").encode())

    def do(self, deed: str, names: list[str], work: Callable[[], object]) -> None:
        self.say("begin", deed, *names)
        work()
        self.say("done", deed, *names)

    def any_number(self) -> int:
        return self.chance.getrandbits(100)

    def name(self) -> str:
        return f"life {self.number} person {next(self.made)}"

    def anybody(self) -> tuple[SubjectId, str] | None:
        people = self.gallery.subjects()
        if not people:
            return None
        chosen = self.chance.choice(people)
        return chosen.subject_id, chosen.name

    def enrol(self) -> None:
        name = self.name()
        self.do("add", [name], lambda: self.gallery.enrol(name, CAPTURES))

    def import_(self) -> None:
        names = [self.name() for _ in range(3)]
        people = [
            make_held(name, self.any_number(), subject_id=f"{self.any_number():032x}")
            for name in names
        ]
        self.do(
            "add",
            names,
            lambda: self.gallery.transfer.import_subjects(people, OnConflict.KEEP),
        )

    def re_embed(self) -> None:
        waiting = self.gallery.templates.awaiting(OTHER_MODEL)[:16]
        probe = make_capture(5, model=OTHER_MODEL).embedding
        made = [(one.reference_id, probe) for one in waiting]
        self.do("re-embed", [], lambda: self.gallery.templates.add(made))

    def rotate(self) -> None:
        renew = self.chance.random() < 0.5
        self.do("rotate", [], lambda: self.keys.change(KeyWish("file", renew=renew)))

    def erase(self) -> None:
        if found := self.anybody():
            self.do("remove", [found[1]], lambda: self.gallery.erase(found[0]))

    def undo(self) -> None:
        name = self.name()
        self.do("add", [name], lambda: self.gallery.enrol(name, CAPTURES))
        self.do("remove", [name], self.gallery.undo)

    def merge(self) -> None:
        one, other = self.anybody(), self.anybody()
        if one and other and one != other:
            self.do("remove", [other[1]], lambda: self.gallery.merge(one[0], other[0]))


def start(life: Callable[[int], Life]) -> tuple[int, int]:
    """Process id and the reading end of its pipe."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            life(writing).run()
        except BaseException as error:  # noqa: BLE001 - the parent has to hear of it
            os.write(writing, (json.dumps(["failed", repr(error)]) + "\n").encode())
        os._exit(1)
    os.close(writing)
    return child, reading


def drain(pipe: int) -> list[list[str]]:
    """What the process said; its last line may be cut short."""
    with os.fdopen(pipe, "rb") as stream:
        lines = stream.read().split(b"\n")
    return [json.loads(line) for line in lines[:-1]]


@dataclass
class Expected:
    """Who has to be there after a kill, and who may be."""

    certain: set[str]
    possible: set[str]

    def follow(self, said: list[list[str]]) -> str:
        """Take in what a process said; the deed that it was killed in, or "" between two."""
        unfinished = ""
        for when, deed, *names in said:
            if when == "failed":
                raise SystemExit(f"a process failed by itself: {deed}")
            unfinished = deed if when == "begin" else ""
            if deed == "add":
                self.possible |= set(names)
                self.certain |= set(names) if when == "done" else set()
            elif deed == "remove":
                self.certain -= set(names)
                self.possible -= set(names) if when == "done" else set()
        return unfinished

    def settle(self, found: set[str]) -> None:
        """What was unfinished is decided now."""
        missing, strange = self.certain - found, found - self.possible
        if missing or strange:
            raise SystemExit(f"missing: {sorted(missing)}; unexpected: {sorted(strange)}")
        self.certain, self.possible = set(found), set(found)


def check(folders: Folders, expected: Expected) -> None:
    gallery, _ = open_gallery(folders)
    try:
        expected.settle({subject.name for subject in gallery.subjects()})
        damaged, faults = gallery.damaged(), SqliteLedger(gallery.store).check().faults
        if damaged or faults:
            raise SystemExit(f"damaged: {damaged}; audit: {faults}")
        gallery.references(MODEL)
    finally:
        gallery.close()


def trial(data: Path, kills: int, seed: int) -> Counter[str]:
    """Kill that many processes; how many during each deed."""
    chance = random.Random(seed)
    during: Counter[str] = Counter()
    folders, expected = locate_folders(data), Expected(set(), set())
    for number in range(kills):
        if number % OLD_GALLERY_EVERY == 0:
            shutil.rmtree(data, ignore_errors=True)
            shutil.copytree(FORMATS / "gallery-0001-file", data)
            expected = Expected(set(OLD_NAMES), set(OLD_NAMES))
        own = random.Random(chance.getrandbits(64))
        child, pipe = start(lambda writing: Life(folders, number, writing, own))  # noqa: B023 - runs at once
        upgrading = number % OLD_GALLERY_EVERY == 0 and number % 20 == 0
        if not upgrading:
            select.select([pipe], [], [], PATIENCE_S)
        select.select([], [], [], chance.uniform(0, LONGEST_LIFE_S))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        said = drain(pipe)
        deed = expected.follow(said)
        during[deed or ("between" if said else "opening or upgrading")] += 1
        check(folders, expected)
    return during


if __name__ == "__main__":
    where, how_many, first_seed = sys.argv[1:]
    found = trial(Path(where) / "gallery", int(how_many), int(first_seed))
    sys.stdout.write(f"{how_many} kills, nothing lost; killed during {dict(found)}\n")
