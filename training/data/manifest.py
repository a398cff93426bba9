"""The rows of the shards: which crops there are, who is on them, and how good they are.

A shard is a tar file of pictures beside a gzip CSV with one row a picture. The CSV is the
manifest: a member of the tar without a row is not used.
"""

import csv
import gzip
import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.errors import DataError

MAX_MANIFEST_BYTES = 256 * 1024 * 1024  # uncompressed; ten shards are 8 MB, beyond is no manifest
COLUMNS = (
    "file",
    "source",
    "identity",
    "face_px",
    "detector_score",
    "sharpness",
    "yaw",
    "pitch",
    "padded_share",
    "chroma",
)


@dataclass(frozen=True, slots=True)
class CropRow:
    """One crop of a shard.

    Attributes:
        file: Name inside the tar.
        source: The collection it comes from.
        identity: Label within its source; empty where unknown.
        face_px: Size of the face in the original picture.
        yaw: Ratio of landmark distances, 0 is frontal; no degrees.
        pitch: Ratio of landmark distances.
        padded_share: Part of the crop that lay outside the original picture, 0–1.

    A number that the manifest leaves empty is NaN.
    """

    file: str
    source: str
    identity: str
    face_px: float
    detector_score: float
    sharpness: float
    yaw: float
    pitch: float
    padded_share: float
    chroma: float

    @property
    def person(self) -> str:
        """Source and identity together; empty where unlabelled.

        CelebA's releases share their numbers, so they count as one source.
        """
        if not self.identity:
            return ""
        if self.identity.startswith("celeba_"):
            return self.identity
        return f"{self.source}/{self.identity}"


def shard_names(folder: Path) -> tuple[str, ...]:
    """Names of the shards (tar with its CSV) of a folder, sorted.

    Raises:
        DataError: There is none.
    """
    names = tuple(
        path.stem for path in sorted(folder.glob("*.tar")) if _manifest_path(path).is_file()
    )
    if not names:
        raise DataError(path=folder, reason="no shard (NAME.tar with NAME.csv.gz) lies there")
    return names


def _manifest_path(tar: Path) -> Path:
    return tar.with_name(f"{tar.stem}.csv.gz")


def read_manifest(path: Path) -> tuple[CropRow, ...]:
    """The rows of one `.csv.gz`, in order.

    Raises:
        DataError: Not gzip, too large, other columns, a bad number, or a file named twice.
    """
    try:
        with gzip.open(path, "rb") as stream:
            data = stream.read(MAX_MANIFEST_BYTES + 1)
    except (OSError, EOFError) as error:
        raise DataError(path=path, reason=f"it is no readable gzip file ({error})") from error
    if len(data) > MAX_MANIFEST_BYTES:
        raise DataError(path=path, reason="it is larger than any manifest")
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8")))
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise DataError(path=path, reason=f"its columns are not {', '.join(COLUMNS)}")
        rows = tuple(_row(path, reader.line_num, fields) for fields in reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(path=path, reason=f"it is no CSV text ({error})") from error
    seen: set[str] = set()
    for row in rows:
        if row.file in seen:
            raise DataError(path=path, reason=f"it names {row.file} twice")
        seen.add(row.file)
    return rows


def _row(path: Path, line: int, fields: dict[str, str]) -> CropRow:
    # csv fills a short line with None, and keeps what a long one has too much under None.
    if None in fields or None in fields.values():
        raise DataError(path=path, reason=f"line {line} has another number of fields")
    try:
        numbers = [float(fields[name] or "nan") for name in COLUMNS[3:]]
    except (TypeError, ValueError) as error:
        raise DataError(path=path, reason=f"line {line} holds a bad number ({error})") from error
    return CropRow(fields["file"], fields["source"], fields["identity"], *numbers)


def manifest_bytes(rows: Sequence[CropRow]) -> bytes:
    """A `.csv.gz` that `read_manifest` reads back; the same bytes for the same rows."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)  # its \r\n makes it quote a name that holds either of them
    writer.writerow(COLUMNS)
    for row in rows:
        numbers = [getattr(row, column) for column in COLUMNS[3:]]
        shown = ["" if math.isnan(number) else f"{number:.5g}" for number in numbers]
        writer.writerow([row.file, row.source, row.identity, *shown])
    return gzip.compress(text.getvalue().encode(), mtime=0)


def is_held_out(row: CropRow, share: float) -> bool:
    """Whether a crop's person belongs to the part that is never trained on.

    All crops of a labelled person stay together. Unlabelled crops are always trained on, because
    nobody can tell whether their person has others.

    Args:
        share: Part of the labelled people that is held out, 0–1.
    """
    return row.person != "" and person_is_held_out(row.person, share)


def person_is_held_out(person: str, share: float) -> bool:
    """Whether a person belongs to the part that is never trained on.

    The choice is a hash of the name, so that it needs no list and never changes.
    """
    digest = hashlib.sha256(f"held-out:{person}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2.0**64


def one_crop_a_person(rows: Sequence[CropRow]) -> tuple[int, ...]:
    """Indices of the sharpest-detected crop of each labelled person, ascending.

    Ties go to the first, so the choice is the same on every machine.
    """
    best: dict[str, int] = {}
    for index, row in enumerate(rows):
        if row.person and (
            row.person not in best or row.detector_score > rows[best[row.person]].detector_score
        ):
            best[row.person] = index
    return tuple(sorted(best.values()))
