"""Archives made and read in one line."""

from collections.abc import Callable, Sequence
from pathlib import Path

from core.domain.event import Event
from core.domain.holdings import HeldSubject
from core.gallery.archive_read import open_archive
from core.gallery.archive_write import ArchiveFacts, Lock, write_archive
from core.security.key_record import Argon2Cost

FORMATS = Path(__file__).parents[2] / "formats"
PASSPHRASE = "correct horse battery"
FACTS = ArchiveFacts("1.2.3", "0002", {})
# The least that Argon2id takes, so that no test waits for it.
QUICK = Argon2Cost(salt=b"sixteen bytes ok", iterations=1, lanes=1, memory_kib=1024)


def quick_lock(passphrase: str = PASSPHRASE) -> Lock:
    return Lock(passphrase, QUICK)


def write(
    target: Path,
    *people: HeldSubject,
    lock: Lock | None = None,
    events: Sequence[Event] | None = None,
) -> Path:
    write_archive(target, people, FACTS, lock, total=len(people), events=events)
    return target


def read(path: Path, ask: Callable[[], str] | None = None) -> tuple[HeldSubject, ...]:
    with open_archive(path, ask) as archive:
        return tuple(archive.subjects())
