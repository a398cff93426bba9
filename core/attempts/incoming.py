"""Whatever an import can read: which kind a file or folder is, and the people in it."""

import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from core.attempts.people_pictures import Eyes, PeopleSeen, look_at_people, people_of_folder
from core.domain.holdings import HeldSubject
from core.domain.person_pictures import RefusedPicture
from core.domain.watch import ALONE, Watch
from core.gallery.archive_errors import ArchiveForeignError
from core.gallery.archive_format import SUFFIX
from core.gallery.archive_read import open_archive
from core.gallery.plain_read import is_sqlite, open_plain
from core.gallery.studio_read import is_studio, read_studio


class Kind(StrEnum):
    """What an import reads."""

    ARCHIVE = "archive"
    PLAIN = "plain_copy"
    FOLDER = "picture_folders"
    STUDIO = "insightface_studio"


class Incoming:
    """People who wait outside of the gallery; they can be gone through more than once.

    Attributes:
        kind: Of the file or folder.
        refused: Pictures that cannot be used, where pictures were looked at.
        total: How many people there are.
    """

    def __init__(
        self,
        path: Path,
        kind: Kind,
        total: int,
        *,
        passphrase: str | None = None,
        seen: PeopleSeen | None = None,
    ) -> None:
        self.kind = kind
        self.refused: tuple[RefusedPicture, ...] = () if seen is None else seen.refused
        self.total = total
        self._path = path
        self._passphrase = passphrase
        self._seen = seen

    @contextmanager
    def subjects(self) -> Iterator[Iterable[HeldSubject]]:
        """The people, read and checked as they are taken. Raises ArchiveError."""
        if self._seen is not None:
            yield self._seen.subjects
        elif self.kind is Kind.ARCHIVE:
            passphrase = self._passphrase
            ask = None if passphrase is None else lambda: passphrase
            with open_archive(self._path, ask) as archive:
                yield archive.subjects()
        else:
            with open_plain(self._path) as plain:
                yield plain.subjects()


def read_incoming(
    path: Path,
    ask_passphrase: Callable[[], str],
    open_eyes: Callable[[], Eyes],
    watch: Watch = ALONE,
) -> Incoming:
    """Find out what lies at `path`, and look at the pictures where it is pictures.

    Args:
        path: An archive, a plain copy, a folder of folders, or a people library.
        ask_passphrase: Called once for a sealed archive.
        open_eyes: Called where pictures have to be looked at.
        watch: Told after each picture.

    Raises:
        ArchiveError: Nothing an import reads, or damaged, newer, sealed, unsafe, invalid.
        UsageError: A folder without people.
        Cancelled: `watch` said so.
    """
    if path.is_dir():
        seen = look_at_people(people_of_folder(path), open_eyes(), watch)
        return Incoming(path, Kind.FOLDER, len(seen.subjects), seen=seen)
    if is_sqlite(path):
        if is_studio(path):
            seen = look_at_people(read_studio(path), open_eyes(), watch)
            return Incoming(path, Kind.STUDIO, len(seen.subjects), seen=seen)
        with open_plain(path) as plain:
            return Incoming(path, Kind.PLAIN, plain.subjects_count)
    if path.suffix.lower() == SUFFIX or _is_zip(path):
        return _archive(path, ask_passphrase)
    raise ArchiveForeignError(path=path, reason=_nothing_known(path))


def _archive(path: Path, ask: Callable[[], str]) -> Incoming:
    """The head is read at once, so that a wrong passphrase is told before anything else."""
    given: list[str] = []

    def remember() -> str:
        given.append(ask())
        return given[0]

    with open_archive(path, remember) as archive:
        total = archive.manifest.counts.subjects
        return Incoming(path, Kind.ARCHIVE, total, passphrase=given[0] if given else None)


def _is_zip(path: Path) -> bool:
    try:
        return zipfile.is_zipfile(path)
    except OSError:
        return False


def _nothing_known(path: Path) -> str:
    if not path.exists():
        return "there is no such file or folder"
    return "it is neither an archive, nor a plain copy, nor a folder with one folder a person"
