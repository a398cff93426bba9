"""Mutated archives through the importer.

`python -m tests.core.gallery.fuzz_archive --count 1000000` runs for as long as that takes; a short
run is part of the tests. What must hold for every file: it is imported, or it is refused with an
ArchiveError; nothing else is raised, and where it is refused the gallery is as it was.
"""

import argparse
import hashlib
import json
import random
import struct
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from core.domain.importing import OnConflict
from core.gallery.archive_errors import ArchiveError
from core.gallery.archive_read import open_archive
from core.gallery.sqlite_gallery import SqliteGallery
from core.settings import locate_folders
from tests.core.gallery.archives import PASSPHRASE, quick_lock, write
from tests.fakes.captures import make_capture
from tests.fakes.holdings import make_held
from tests.fakes.key_store import MemoryKeyStore

REAL_EVERY = 20  # archives that go all the way; the others only where every record is read well
NUMBERS = (0, -1, 1, 2**31, 2**53, 2**63, 10**30, 0.5, 1e308)
TEXTS = ("", "\x00", "\u202e", "\ud7ff", "A" * 70_000, "../../x", "é", "0" * 32, "2026-13-01")


@dataclass
class Bases:
    """Whole archives that are mutated.

    Attributes:
        blobs: As files.
        parts: The plain one, taken apart.
    """

    blobs: tuple[bytes, ...]
    parts: dict[str, bytes]

    @classmethod
    def make(cls, folder: Path) -> "Bases":
        people = (make_held("Anna", 1, 2, note="n"), make_held("Bob", 3))
        plain = write(folder / "plain", *people).read_bytes()
        sealed = write(folder / "sealed", *people, lock=quick_lock()).read_bytes()
        with zipfile.ZipFile(BytesIO(plain)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        return cls((plain, sealed), parts)


def mutate(dice: random.Random, bases: Bases) -> bytes:
    """One mutated archive."""
    if dice.random() < 0.5:
        raw = bytearray(dice.choice(bases.blobs))
        for _ in range(dice.choice((1, 1, 2, 4, 16))):
            dice.choice(BYTE_MUTATIONS)(dice, raw)
        return bytes(raw)
    parts = dict(bases.parts)
    for _ in range(dice.choice((1, 1, 2, 3))):
        _mutate_part(dice, parts)
    return _assembled(dice, parts)


def _flip(dice: random.Random, raw: bytearray) -> None:
    if raw:
        raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)


def _set(dice: random.Random, raw: bytearray) -> None:
    if raw:
        raw[dice.randrange(len(raw))] = dice.choice((0, 1, 0x7F, 0x80, 0xFF))


def _set_word(dice: random.Random, raw: bytearray) -> None:
    if len(raw) > 4:
        at = dice.randrange(len(raw) - 4)
        raw[at : at + 4] = struct.pack("<L", dice.choice((0, 1, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)))


def _cut(dice: random.Random, raw: bytearray) -> None:
    del raw[dice.randrange(len(raw) + 1) :]


def _remove(dice: random.Random, raw: bytearray) -> None:
    at = dice.randrange(len(raw) + 1)
    del raw[at : at + dice.randrange(1, 64)]


def _repeat(dice: random.Random, raw: bytearray) -> None:
    at = dice.randrange(len(raw) + 1)
    raw[at:at] = raw[at : at + dice.randrange(1, 64)]


def _insert(dice: random.Random, raw: bytearray) -> None:
    at = dice.randrange(len(raw) + 1)
    raw[at:at] = dice.randbytes(dice.randrange(1, 16))


BYTE_MUTATIONS: tuple[Callable[[random.Random, bytearray], None], ...] = (
    _flip,
    _flip,
    _set,
    _set_word,
    _cut,
    _remove,
    _repeat,
    _insert,
)


def _mutate_part(dice: random.Random, parts: dict[str, bytes]) -> None:
    """Change one part so deep that only the reading of its records can notice."""
    name = dice.choice(sorted(parts))
    if dice.random() < 0.3:
        raw = bytearray(parts[name])
        dice.choice(BYTE_MUTATIONS)(dice, raw)
        parts[name] = bytes(raw)
        return
    try:
        tree = json.loads(parts[name])
    except ValueError:  # changed before
        return
    parts[name] = json.dumps(_changed(dice, tree)).encode(errors="surrogatepass")


def _changed(dice: random.Random, tree: object) -> object:
    """The tree with one node replaced, removed or doubled."""
    if dice.random() < 0.1 or tree in (None, "", [], {}):
        return dice.choice((*NUMBERS, *TEXTS, None, True, [], {}, [[]], [None] * 100))
    if isinstance(tree, dict):
        return _changed_fields(dice, tree)
    if isinstance(tree, list):
        return _changed_items(dice, tree)
    if isinstance(tree, str) and dice.random() < 0.5:
        at = dice.randrange(len(tree))
        return tree[:at] + dice.choice(tree) + tree[at + 1 :]
    return dice.choice((*NUMBERS, *TEXTS, None))


def _changed_fields(dice: random.Random, tree: dict) -> dict:
    key = dice.choice(sorted(tree))
    if dice.random() < 0.05:
        return {other: value for other, value in tree.items() if other != key}
    return {**tree, key: _changed(dice, tree[key])}


def _changed_items(dice: random.Random, tree: list) -> list:
    at, fate = dice.randrange(len(tree)), dice.random()
    if fate < 0.05:
        return tree[:at] + tree[at + 1 :]
    if fate < 0.1:
        return [*tree, tree[at]]
    return [*tree[:at], _changed(dice, tree[at]), *tree[at + 1 :]]


def _assembled(dice: random.Random, parts: dict[str, bytes]) -> bytes:
    """A zip of the parts whose checksums mostly fit again."""
    if dice.random() < 0.9:
        try:
            manifest = json.loads(parts["manifest.json"])
            for entry in manifest["parts"]:
                raw = parts[entry["name"]]
                entry.update(bytes=len(raw), sha256=hashlib.sha256(raw).hexdigest())
            parts["manifest.json"] = json.dumps(manifest).encode()
        except (ValueError, KeyError, TypeError, AttributeError):
            pass  # the manifest itself was changed
    file = BytesIO()
    packing = zipfile.ZIP_DEFLATED if dice.random() < 0.02 else zipfile.ZIP_STORED
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, raw in parts.items():
            archive.writestr(zipfile.ZipInfo(name), raw, packing)
    return file.getvalue()


@dataclass
class Fuzzer:
    """A gallery that mutated archives are thrown at."""

    folder: Path
    seed: int
    outcomes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.bases = Bases.make(self.folder)
        self.gallery = SqliteGallery.open(locate_folders(self.folder / "data"), MemoryKeyStore())
        self.gallery.enrol("Anna", [make_capture(9)], note="ours")

    def run(self, count: int, say: Callable[[str], None] = lambda _: None) -> None:
        """Throw `count` archives; raises what no archive may raise."""
        started, path = time.monotonic(), self.folder / "mutated"
        before = self.gallery.subjects()
        for number in range(count):
            dice = random.Random(f"{self.seed}/{number}")
            path.write_bytes(mutate(dice, self.bases))
            try:
                self._throw(path, number, dice)
            except Exception:
                keep = Path(tempfile.gettempdir()) / f"fuzz-{self.seed}-{number}.pfgallery"
                keep.write_bytes(path.read_bytes())
                say(f"kept {keep}")
                raise
            if number % REAL_EVERY == 0:
                assert self.gallery.subjects() == before, f"{number} changed the gallery"
            if number and number % 10_000 == 0:
                rate = number / (time.monotonic() - started)
                say(f"{number:,} archives, {rate:.0f} a second, {dict(self.outcomes)}")
        assert self.gallery.damaged() == ()

    def _throw(self, path: Path, number: int, dice: random.Random) -> None:
        choice, real = dice.choice(list(OnConflict)), number % REAL_EVERY == 0
        try:
            with open_archive(path, lambda: PASSPHRASE) as archive:
                archive.events()
                # Read whole before a transaction is begun, which costs more than the reading.
                people = archive.subjects() if real else tuple(archive.subjects())
                plan = self.gallery.transfer.import_subjects(people, choice, dry_run=not real)
        except ArchiveError as error:
            self.outcomes[error.code] += 1
            return
        self.outcomes["imported"] += 1
        if plan.entry is not None:
            self.gallery.undo(plan.entry)


def main() -> None:
    """The long run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fuzzer = Fuzzer(Path(folder), chosen.seed)
        fuzzer.run(chosen.count, _say)
        fuzzer.gallery.close()
    _say(f"{chosen.count:,} archives: {dict(fuzzer.outcomes)}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
