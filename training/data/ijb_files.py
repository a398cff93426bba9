"""The protocol files of IJB-B and IJB-C as they are passed on with cropped pictures.

In META lie three texts, one row a picture or pair: `*_face_tid_mid.txt` (picture, template,
medium), `*_name_5pts_score.txt` (picture, ten coordinates, detector score; row by row the same
pictures) and `*_template_pair_label.txt` (template, template, 1 for mated).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.capture.pictures import read_picture
from core.domain.face import LANDMARKS
from core.errors import CaptureError, DegenerateLandmarksError
from core.vision.align import align
from training.data.crop_measures import face_of_points
from training.data.text_tables import bad_line, read_lines, read_numbers
from training.errors import DataError

MEDIA_FILE, POINTS_FILE, PAIRS_FILE = (
    "_face_tid_mid.txt",
    "_name_5pts_score.txt",
    "_template_pair_label.txt",
)
_MEDIA_FIELDS = 3
_POINTS_FIELDS = 2 + 2 * LANDMARKS


@dataclass(frozen=True, slots=True, eq=False)
class IjbFiles:
    """One protocol: N pictures in templates, P comparisons of templates.

    Attributes:
        folder: Where the pictures lie.
        files: N names; a picture of several templates is named several times.
        templates: int64 (N,), the template of each picture.
        media: int64 (N,), the medium (a still or a video) each comes from.
        points: float64 (N, 5, 2), px of the picture.
        detector_scores: float32 (N,).
        left: int64 (P,), templates.
        right: int64 (P,), templates.
        mated: bool (P,).
    """

    folder: Path
    files: tuple[str, ...]
    templates: NDArray[np.int64]
    media: NDArray[np.int64]
    points: NDArray[np.float64]
    detector_scores: NDArray[np.float32]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    mated: NDArray[np.bool_]

    def crop(self, row: int) -> NDArray[np.uint8] | None:
        """The aligned face of a row: uint8 (112, 112, 3), BGR.

        None where the picture cannot be read or its points form no face.
        """
        try:
            frame = read_picture(self.folder / self.files[row]).frame
            face = face_of_points(self.points[row], float(self.detector_scores[row]))
            return align(frame, face).pixels
        except (CaptureError, DegenerateLandmarksError, ValueError):
            return None


def read_ijb(meta: Path, pictures: Path) -> IjbFiles:
    """The protocol of one set.

    Args:
        meta: Folder with the three texts, or with a folder `meta` that has them.
        pictures: Folder of the pictures (`loose_crop`).

    Raises:
        DataError: A text is missing, holds a bad line (named), or does not fit the others.
    """
    files, numbers = _read_media(_find(meta, MEDIA_FILE))
    points, scores = _read_points(_find(meta, POINTS_FILE), files)
    path = _find(meta, PAIRS_FILE)
    pairs = read_numbers(path, 3)
    known = np.isin(pairs[:, :2], numbers[:, 0]).all(axis=1)
    if not known.all():
        row = int(np.flatnonzero(~known)[0]) + 1
        raise DataError(path=path, reason=f"row {row} names a template without a picture")
    if not np.isin(pairs[:, 2], (0, 1)).all() or len(np.unique(pairs[:, 2])) < 2:  # noqa: PLR2004 - mated and non-mated
        raise DataError(path=path, reason="its labels are not 1 for mated and 0 for non-mated")
    return IjbFiles(
        folder=pictures,
        files=files,
        templates=numbers[:, 0],
        media=numbers[:, 1],
        points=points,
        detector_scores=scores,
        left=pairs[:, 0],
        right=pairs[:, 1],
        mated=pairs[:, 2] == 1,
    )


def _find(meta: Path, ending: str) -> Path:
    for folder in (meta, meta / "meta"):
        found = sorted(folder.glob(f"*{ending}"))
        if len(found) == 1:
            return found[0]
        if found:
            raise DataError(path=folder, reason=f"it holds {len(found)} files '*{ending}'")
    raise DataError(path=meta, reason=f"no file '*{ending}' lies there")


def _read_media(path: Path) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    files, numbers = [], []
    for number, line in read_lines(path):
        fields = line.split()
        if len(fields) != _MEDIA_FIELDS or not all(field.isdecimal() for field in fields[1:]):
            raise bad_line(path, number, "is no picture with its template and medium")
        if "/" in fields[0] or "\\" in fields[0] or fields[0].startswith("."):
            raise bad_line(path, number, "names a picture outside the folder")
        files.append(fields[0])
        numbers.append([int(field) for field in fields[1:]])
    if not files:
        raise DataError(path=path, reason="it is empty")
    return tuple(files), np.array(numbers, dtype=np.int64)


def _read_points(
    path: Path, files: tuple[str, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    rows: list[list[float]] = []
    for number, line in read_lines(path):
        name, *fields = line.split()
        if len(fields) != _POINTS_FIELDS - 1:
            raise bad_line(path, number, "is no picture with ten coordinates and a score")
        if len(rows) < len(files) and files[len(rows)] != name:
            reason = f"is about {name}, where the list of templates has {files[len(rows)]}"
            raise bad_line(path, number, reason)
        try:
            rows.append([float(field) for field in fields])
        except ValueError as error:
            raise bad_line(path, number, "holds something that is no number") from error
    if len(rows) != len(files):
        reason = f"it has {len(rows)} pictures, and the list of templates {len(files)}"
        raise DataError(path=path, reason=reason)
    table = np.array(rows)
    return table[:, :-1].reshape(-1, LANDMARKS, 2), table[:, -1].astype(np.float32)
