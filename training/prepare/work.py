"""The work of a preparation: file by file, a shard at a time."""

import hashlib
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from core.capture.errors import (
    HeicUnsupportedError,
    PictureTooLargeError,
    VideoUnreadableError,
)
from core.capture.regular import why
from core.errors import CaptureError
from core.ports import Detector
from training.data.shard_writer import EncodedCrop, as_webp, save_shard
from training.prepare.faces import FaceCrop, find_crops
from training.prepare.photos import Photo, frames_of
from training.prepare.progress import LeftOut, Progress, save_progress

SHARD_CROPS = 4000  # about 20 MB, a few minutes of work: what a sudden end may cost
SAME_FILE, SAME_PHOTO = "the same file again", "the same picture again"
OTHER_PERSON = "the same picture under another person"
_NAME_LENGTH = 60  # of a file's own name within a crop's; the digest tells equal ones apart
_UNSAFE = re.compile(r"[^\w.-]+")


class Preparer:
    """Turns photos into shards; remembers what it did in a folder.

    Args:
        out: Folder of the shards.
        progress: What was done there before. Changed.
    """

    def __init__(self, out: Path, progress: Progress, detector: Detector) -> None:
        self._out = out
        self._progress = progress
        self._detector = detector
        self._waiting: list[EncodedCrop] = []

    def run(self, photos: Iterable[Photo], stopped: Callable[[], bool]) -> bool:
        """Deal with the photos that were not dealt with yet; write the last shard in any case.

        Returns:
            Whether all were; False where it was stopped between.
        """
        try:
            for photo in photos:
                if stopped() or not self._take(photo, stopped):
                    return False
                if len(self._waiting) >= SHARD_CROPS:
                    self._flush()
        finally:
            self._flush()
        return True

    def _take(self, photo: Photo, stopped: Callable[[], bool]) -> bool:
        """Deal with one file wholly; False where it was stopped within, and nothing happened."""
        key = photo.key()
        if key not in self._progress.done:
            if not self._read(photo, stopped):
                return False
            self._progress.done.add(key)
        return True

    def _read(self, photo: Photo, stopped: Callable[[], bool]) -> bool:
        progress = self._progress
        try:
            digest = _digest(photo.path)
        except OSError as error:
            self._leave_out(photo, Counter([f"unreadable: {why(error)}"]))
            return True
        if digest in progress.digests:
            owner = progress.digests[digest]
            reason = SAME_FILE if owner == photo.person else f"{OTHER_PERSON}: {owner}"
            self._leave_out(photo, Counter([reason]))
            return True
        crops, reasons, moving = self._crops_of(photo, stopped)
        if moving and stopped():
            return False
        progress.digests[digest] = photo.person
        progress.moving += moving
        for number, crop in enumerate(crops):
            self._keep(photo, crop, digest, number, reasons)
        self._leave_out(photo, reasons)
        return True

    def _crops_of(
        self, photo: Photo, stopped: Callable[[], bool]
    ) -> tuple[list[FaceCrop], Counter[str], bool]:
        """The crops of a file, why others are missing, and whether it moves."""
        choices = self._progress.choices
        crops: list[FaceCrop] = []
        reasons: Counter[str] = Counter()
        moving = False
        try:
            for shown in frames_of(photo.path, choices.every_s):
                moving = shown.moving
                found = find_crops(
                    shown.frame,
                    self._detector,
                    moving=shown.moving,
                    labelled=choices.labelled,
                    smallest_px=choices.smallest_px,
                )
                if isinstance(found, str):
                    reasons[found] += 1
                else:
                    crops += found
                if moving and stopped():
                    break
        except CaptureError as error:
            reasons[_said(error)] += 1
        return crops, reasons, moving

    def _keep(
        self, photo: Photo, crop: FaceCrop, digest: str, number: int, reasons: Counter[str]
    ) -> None:
        progress = self._progress
        owner = progress.known.owner(crop.pixels)
        if owner is not None:
            reasons[SAME_PHOTO if owner == photo.person else f"{OTHER_PERSON}: {owner}"] += 1
            return
        progress.known.add(crop.pixels, photo.person)
        progress.kept[photo.person] += 1
        source = progress.choices.source
        place = f"{source}/{_safe(photo.person) or 'unlabelled'}"
        stem = _safe(photo.path.stem)[:_NAME_LENGTH]
        file = f"{place}/{stem}-{digest[:8]}-{number}.webp"
        row = replace(crop.row, file=file, source=source, identity=photo.person)
        self._waiting.append(EncodedCrop(row, as_webp(crop.pixels)))

    def _leave_out(self, photo: Photo, reasons: Counter[str]) -> None:
        self._progress.left_out += [
            LeftOut(photo.name, photo.person, reason, count) for reason, count in reasons.items()
        ]

    def _flush(self) -> None:
        progress = self._progress
        if self._waiting:
            name = f"{progress.choices.source}-{progress.shards:03d}"
            save_shard(self._out, name, self._waiting)
            progress.shards += 1
            self._waiting = []
        save_progress(self._out, progress)


def _digest(path: Path) -> str:
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(0, "it is not a regular file")  # opening a pipe would wait for its other end
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _safe(text: str) -> str:
    """Text as a part of a file's name on any system."""
    return _UNSAFE.sub("_", unicodedata.normalize("NFC", text)).strip("._")


def _said(error: CaptureError) -> str:
    match error:
        case HeicUnsupportedError():
            return "HEIC, which needs the extra pocketface[heif]"
        case PictureTooLargeError():
            return "picture too large"
        case VideoUnreadableError():
            return "neither a picture nor a readable video"
        case _:
            return "damaged picture"
