"""Where the aligned crops of a set come from: files of any size, or an array in memory."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.capture.pictures import read_picture
from core.domain.face import CROP_PX
from core.errors import CaptureError, DegenerateLandmarksError
from core.vision.align import align
from core.vision.choose import choose
from core.vision.detect import YuNetDetector, open_detector

UNREADABLE, FACELESS = "unreadable pictures", "pictures without a face"
"""Why a picture gives no crop, as reports say it."""


class Pictures(Protocol):
    """The pictures of a set, in order."""

    def __len__(self) -> int:
        """How many there are, unusable ones included."""
        ...

    def crop(self, index: int) -> NDArray[np.uint8] | str:
        """uint8 (112, 112, 3), BGR; or why there is none."""
        ...

    def digest(self) -> str:
        """Hex; another one whenever a crop may differ."""
        ...


@dataclass(slots=True)
class PictureFiles:
    """Files below a folder.

    A picture of 112×112 px is an aligned crop already. In any other the program's own detector
    finds the face nearest to the middle, where collections of portraits have their person, and
    the program's own alignment makes the crop.
    """

    folder: Path
    files: tuple[str, ...]
    detector: YuNetDetector | None = None

    def __len__(self) -> int:
        """How many files there are."""
        return len(self.files)

    def crop(self, index: int) -> NDArray[np.uint8] | str:
        """The face on one picture."""
        try:
            frame = read_picture(self.folder / self.files[index]).frame
        except CaptureError:
            return UNREADABLE
        if frame.pixels.shape[:2] == (CROP_PX, CROP_PX):
            return frame.pixels
        self.detector = self.detector or open_detector()
        faces = self.detector.detect(frame)
        chosen = choose(faces, frame, "centre")
        if chosen is None:
            return FACELESS
        try:
            return align(frame, faces[chosen]).pixels
        except DegenerateLandmarksError:
            return FACELESS

    def digest(self) -> str:
        """Of names, sizes and times of change, since reading every file takes minutes."""
        digest = hashlib.sha256(str(self.folder.resolve()).encode())
        for file in self.files:
            try:
                facts = (self.folder / file).stat()
                digest.update(f"\0{file}\0{facts.st_size}\0{facts.st_mtime_ns}".encode())
            except OSError:
                digest.update(f"\0{file}\0absent".encode())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class PictureArray:
    """Crops in memory: uint8 (N, 112, 112, 3), BGR; all-black ones stand for unreadable ones."""

    crops: NDArray[np.uint8]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.crops)

    def crop(self, index: int) -> NDArray[np.uint8] | str:
        """One crop."""
        crop = np.ascontiguousarray(self.crops[index])
        return crop if crop.any() else UNREADABLE

    def digest(self) -> str:
        """Of all pixels."""
        return hashlib.sha256(np.ascontiguousarray(self.crops).data).hexdigest()
