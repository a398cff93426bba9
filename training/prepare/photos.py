"""The files to prepare, and the frames of each: photos, animations, videos."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.capture.animations import AnimationSource, is_animation
from core.capture.containers import sniff
from core.capture.pictures import read_picture
from core.capture.regular import read_regular
from core.capture.videos import VideoSource
from core.domain.frame import Frame
from training.data.folders import files_below, people_files
from training.errors import DataError

_HEAD_BYTES = 300  # what `sniff` looks at


@dataclass(frozen=True, slots=True)
class Photo:
    """One file.

    Attributes:
        root: The folder that was asked for.
        path: Of the file.
        person: Who is on it; empty where unknown.
    """

    root: Path
    path: Path
    person: str

    @property
    def name(self) -> str:
        """The path below the root, fit for text."""
        inside = self.path.relative_to(self.root) if self.path != self.root else self.path.name
        return os.fsencode(inside).decode("utf-8", "replace")

    def key(self) -> str:
        """Tells this file, as it now is, from all others."""
        try:
            found = self.path.stat()
        except OSError:
            return f"{self.name}|absent"
        return f"{self.name}|{found.st_size}|{found.st_mtime_ns}"


@dataclass(frozen=True, slots=True)
class Shown:
    """A frame, and whether its file has others."""

    frame: Frame
    moving: bool


def list_photos(roots: Sequence[Path], *, labelled: bool) -> tuple[Photo, ...]:
    """All files of the roots, in the order people count.

    Args:
        labelled: Whether the first folder below a root names the person; else nobody is named,
            and a root may also be one file.

    Raises:
        DataError: A root is not there, or holds no file where files are looked for.
    """
    found: list[Photo] = []
    for root in roots:
        if labelled:
            found += [Photo(root, file.path, file.person) for file in people_files(root)]
        elif root.is_file():
            found.append(Photo(root, root, ""))
        elif root.is_dir():
            found += [Photo(root, path, "") for path in files_below(root)]
        else:
            raise DataError(path=root, reason="it is neither a folder nor a file")
    if not found:
        raise DataError(path=roots[0], reason="it holds no file")
    return tuple(found)


def frames_of(path: Path, every_s: float) -> Iterator[Shown]:
    """The picture of a file, or frames of an animation or video at least `every_s` apart.

    Raises:
        CaptureError: The file cannot be read.
    """
    if not is_animation(path) and _is_picture(path):
        yield Shown(read_picture(path).frame, moving=False)
        return
    source = AnimationSource(path) if is_animation(path) else VideoSource(path)
    due_s = float("-inf")
    try:
        while (frame := source.read()) is not None:
            if frame.captured_at >= due_s:
                due_s = frame.captured_at + every_s
                yield Shown(frame, moving=True)
    finally:
        source.close()


def _is_picture(path: Path) -> bool:
    try:
        return sniff(read_regular(path, _HEAD_BYTES)) is not None
    except OSError:
        return True  # whoever reads it says what is wrong
