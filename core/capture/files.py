"""Pictures of a file or a folder as a finite source."""

import logging
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from core.capture.errors import FolderEmptyError
from core.capture.pictures import PictureNote, read_picture
from core.capture.regular import shown
from core.domain.frame import Frame
from core.errors import CaptureError

log = logging.getLogger(__name__)

# Pictures have no time of their own; this lets time-outs of attempts see them as a slow camera.
PICTURE_PERIOD_S = 0.1
_DIGITS = re.compile(r"(\d+)")
# Left by systems in folders; nobody misses a picture by them.
_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini"})


class PictureSource:
    """One picture, or those of a folder in natural order; sub-folders are not entered.

    In a folder, files that are no readable picture are skipped and kept in `skipped`; a single
    file that is none raises.

    Raises:
        FolderEmptyError: A folder without any regular file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = path.is_dir()
        self._waiting: Iterator[Path] = iter(list_pictures(path) if self._folder else (path,))
        self._frames = 0
        self._skipped: list[CaptureError] = []
        self._notes: tuple[PictureNote, ...] = ()
        self._closed = False

    @property
    def identity(self) -> str:
        """The name of the file or folder."""
        return f"{'folder' if self._folder else 'picture'} {shown(self._path)}"

    @property
    def live(self) -> bool:
        """Pictures are there on demand."""
        return False

    @property
    def skipped(self) -> tuple[CaptureError, ...]:
        """One error for each file of the folder that was passed over so far."""
        return tuple(self._skipped)

    @property
    def notes(self) -> tuple[PictureNote, ...]:
        """What there is to say about the picture read last."""
        return self._notes

    def read(self) -> Frame | None:
        """The next picture; None after the last.

        Raises:
            CaptureError: The single picture cannot be read.
            FolderEmptyError: The folder's end is reached without one readable picture.
        """
        for path in self._waiting:
            if self._closed:
                return None
            frame = self._try(path)
            if frame is not None:
                return frame
        if self._folder and self._frames == 0 and not self._closed:
            raise FolderEmptyError(path=shown(self._path))
        return None

    def close(self) -> None:
        """End the source."""
        self._closed = True
        self._waiting = iter(())

    def _try(self, path: Path) -> Frame | None:
        try:
            picture = read_picture(path)
        except CaptureError as error:
            if not self._folder:
                raise
            self._skipped.append(error)
            log.info("a file of the folder was skipped: %s", error.code)
            return None
        self._notes = picture.notes
        index = self._frames
        self._frames += 1
        pixels = picture.frame.pixels
        return Frame(pixels=pixels, captured_at=index * PICTURE_PERIOD_S, index=index)


def list_pictures(folder: Path) -> list[Path]:
    """A folder's regular files that are not hidden, in the order people count: 2 before 10.

    Their names tell nothing; which of them are pictures shows when they are read.

    Raises:
        FolderEmptyError: There is none, or the folder cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if _is_candidate(entry)]
    except OSError as error:
        raise FolderEmptyError(path=shown(folder)) from error
    if not names:
        raise FolderEmptyError(path=shown(folder))
    return [folder / name for name in sorted(names, key=natural_key)]


def _is_candidate(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or entry.name.casefold() in _SYSTEM_FILES:
        return False
    try:
        return stat.S_ISREG(entry.stat().st_mode)
    except OSError:  # a link that leads nowhere
        return False


def natural_key(name: str) -> tuple[list[tuple[int, str]], str]:
    """A sort key that orders numbers inside names by value, then by letter regardless of case."""
    parts = _DIGITS.split(name.casefold())
    # isdecimal: `\d` also matches digits of other scripts, which int() reads; superscripts are not.
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], name
