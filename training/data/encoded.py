"""Sources of encoded crops with people: each picture is checked once, and the outcome is kept.

The cache folder holds for each source NAME: `NAME.index.json` (people, digest, what was left
out), `NAME.labels.npy`, `NAME.places.npy` and, for sources that are not huge, the decoded crops
in `NAME.crops.npy`, which are memory-mapped. Crops of huge sources are decoded when shown.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from training.data.decoding import CropWriter, decode_quick, decode_whole
from training.data.folders import fingerprint, people_files, read_crop
from training.data.recordio import RecordFile, starts_of, unpack
from training.data.shards import CROP_SIDE_PX, MARGIN_PX, save_array, save_bytes
from training.errors import DataError

MAX_DECODED_CROPS = 600_000
"""Beyond, crops stay encoded: these have 30 GB, which holds CASIA-WebFace (490,000 crops)."""

FACE_SIDE_PX = CROP_SIDE_PX - 2 * MARGIN_PX
_CHUNK = 256  # pictures checked together; some MB
_THREADS = min(8, os.cpu_count() or 1)  # decoding releases the interpreter; more gain nothing
_ANNOUNCING_LABELS = 2  # of a package's first record: image records end before the first of them

Report = Callable[[int, int], None]


def no_report(done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture of a source before it was looked at; `place` finds it again."""

    place: int
    person: str
    data: bytes


class EncodedSource(Protocol):
    """Where encoded pictures come from."""

    @property
    def count(self) -> int:
        """At least as many as there are pictures."""
        ...

    def fingerprint(self) -> str:
        """Differs once the source was changed."""
        ...

    def entries(self, left_out: Counter[str]) -> Iterator[Entry]:
        """All pictures in order; what cannot be read is counted."""
        ...

    def fetch(self, place: int) -> bytes:
        """The bytes at a place. Safe from several threads."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class StoredCrops:
    """The usable crops of a source; see `Labelled` for the fields."""

    people: list[str]
    left_out: dict[str, int]
    digest: str
    read: Callable[[NDArray[np.int64]], NDArray[np.uint8]]
    places: NDArray[np.int64]


class _Index(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fingerprint: str
    digest: str
    people: tuple[str, ...]
    left_out: dict[str, int]


class FolderSource:
    """People's folders; a place is the number of a file."""

    def __init__(self, root: Path) -> None:
        self._files = people_files(root)

    @property
    def count(self) -> int:
        """Number of files."""
        return len(self._files)

    def fingerprint(self) -> str:
        """Over names, sizes and times of the files."""
        return fingerprint(self._files)

    def entries(self, left_out: Counter[str]) -> Iterator[Entry]:
        """Every file that can be read."""
        for place, file in enumerate(self._files):
            data = read_crop(file.path)
            if data is None:
                left_out["unreadable file, or too large for a crop"] += 1
            else:
                yield Entry(place, file.person, data)

    def fetch(self, place: int) -> bytes:
        """The bytes of a file."""
        path = self._files[place].path
        data = read_crop(path)
        if data is None:
            raise DataError(path=path, reason="it was readable when the data was opened")
        return data


class RecordSource:
    """A RecordIO file; a place is the byte where a record begins."""

    def __init__(self, path: Path) -> None:
        self._file = RecordFile(path)
        self._path = path

    @property
    def count(self) -> int:
        """Number of records."""
        return len(self._starts)

    @cached_property
    def _starts(self) -> list[int]:
        return starts_of(self._file)

    def fingerprint(self) -> str:
        """Over size and time of the file."""
        found = self._path.stat()
        return f"{found.st_size} {found.st_mtime_ns}"

    def entries(self, left_out: Counter[str]) -> Iterator[Entry]:
        """Every record with a picture and a person; a first record may announce how many."""
        announced, pictures = None, 0
        for number, start in enumerate(self._starts):
            payload, _ = self._file.read(start)
            record = None if payload is None else unpack(payload)
            if record is None:
                left_out["damaged record"] += 1
                pictures += 1
            elif not record.picture:
                if number == 0 and len(record.labels) == _ANNOUNCING_LABELS:
                    announced = (record.person or 1) - 1
            elif record.person is None:
                left_out["label that is no whole number"] += 1
                pictures += 1
            else:
                pictures += 1
                yield Entry(start, str(record.person), record.picture)
        if announced is not None and pictures < announced:
            left_out["announced by the first record, but absent"] += announced - pictures

    def fetch(self, place: int) -> bytes:
        """The picture of the record that begins at a byte."""
        payload, _ = self._file.read(place)
        record = None if payload is None else unpack(payload)
        if record is None:
            raise DataError(path=self._path, reason="it was changed after it had been opened")
        return record.picture


def open_encoded(source: EncodedSource, path: Path, cache: Path, report: Report) -> StoredCrops:
    """The usable crops of a source, checking every picture first where that was not done.

    Args:
        path: Of the source; names its files in the cache.

    Raises:
        DataError: Not one usable picture, or the cache cannot be read.
    """
    name = f"{path.stem}-{hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:8]}"
    base = cache / name
    now = source.fingerprint()
    index = _read_index(_at(base, "index.json"))
    if index is None or index.fingerprint != now:
        cache.mkdir(parents=True, exist_ok=True)
        index = _check(source, path, base, now, report)
    labels = _load(_at(base, "labels.npy"))
    places = _load(_at(base, "places.npy"))
    people = [index.people[label] for label in labels]
    crops_path = _at(base, "crops.npy")
    if crops_path.is_file():
        crops = np.load(crops_path, mmap_mode="r")
        if len(crops) != len(labels):
            raise DataError(path=crops_path, reason="it does not fit its index; delete it")
        rows = np.arange(len(labels))
        return StoredCrops(
            people, index.left_out, index.digest, lambda wanted: np.array(crops[wanted]), rows
        )
    return StoredCrops(people, index.left_out, index.digest, _decoder(source), places)


def with_margin(crop: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """A crop of 128 px; of one with 112 px the edge is repeated. None for any other size."""
    if crop.shape == (CROP_SIDE_PX, CROP_SIDE_PX, 3):
        return crop
    if crop.shape == (FACE_SIDE_PX, FACE_SIDE_PX, 3):
        sides = (MARGIN_PX, MARGIN_PX)
        return np.pad(crop, (sides, sides, (0, 0)), mode="edge")
    return None


def _check(
    source: EncodedSource, path: Path, base: Path, fingerprint_now: str, report: Report
) -> _Index:
    """Look at every picture once; write what `open_encoded` reads."""
    left_out: Counter[str] = Counter()
    digest = hashlib.sha256()
    people: dict[str, int] = {}
    labels: list[int] = []
    places: list[int] = []
    crops_path = _at(base, "crops.npy")
    crops_path.unlink(missing_ok=True)
    total = source.count
    with CropWriter(crops_path, CROP_SIDE_PX) as writer:
        for done, (entry, crop) in enumerate(_decoded(source.entries(left_out))):
            if done % _CHUNK == 0:
                report(done, total)
            digest.update(f"{entry.person}\0{len(entry.data)}\0".encode() + entry.data)
            kept = None if crop is None else with_margin(crop)
            if kept is None:
                left_out["damaged picture" if crop is None else "neither 112 nor 128 px"] += 1
                continue
            if total <= MAX_DECODED_CROPS:
                writer.append(kept)
            labels.append(people.setdefault(entry.person, len(people)))
            places.append(entry.place)
    if total > MAX_DECODED_CROPS:
        crops_path.unlink()
    report(total, total)
    if not labels:
        raise DataError(path=path, reason=_why_nothing(left_out))
    save_array(_at(base, "labels.npy"), np.array(labels, dtype=np.int64))
    save_array(_at(base, "places.npy"), np.array(places, dtype=np.int64))
    index = _Index(fingerprint_now, digest.hexdigest(), tuple(people), dict(left_out))
    save_bytes(_at(base, "index.json"), msgspec.json.encode(index))
    return index


def _at(base: Path, ending: str) -> Path:
    return base.with_name(f"{base.name}.{ending}")


def _decoded(entries: Iterator[Entry]) -> Iterator[tuple[Entry, NDArray[np.uint8] | None]]:
    with ThreadPoolExecutor(_THREADS) as pool:
        while chunk := tuple(islice(entries, _CHUNK)):
            yield from zip(chunk, pool.map(lambda e: decode_whole(e.data), chunk), strict=True)


def _decoder(source: EncodedSource) -> Callable[[NDArray[np.int64]], NDArray[np.uint8]]:
    def decode(place: int) -> NDArray[np.uint8]:
        crop = decode_quick(source.fetch(place))
        kept = None if crop is None else with_margin(crop)
        assert kept is not None, "this picture was checked when the source was opened"
        return kept

    def read(places: NDArray[np.int64]) -> NDArray[np.uint8]:
        with ThreadPoolExecutor(_THREADS) as pool:
            return np.stack(list(pool.map(decode, places.tolist())))

    return read


def _why_nothing(left_out: Counter[str]) -> str:
    counts = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
    advice = "crops have 112 or 128 px; `python -m training.prepare` makes them from photos"
    return f"it holds no usable crop ({counts or 'no picture at all'}); {advice}"


def _read_index(path: Path) -> _Index | None:
    if not path.is_file():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Index)
    except msgspec.DecodeError as error:
        raise DataError(path=path, reason=f"it is no index ({error}); delete it") from error


def _load(path: Path) -> NDArray[np.int64]:
    try:
        return np.asarray(np.load(path, allow_pickle=False), dtype=np.int64)
    except (OSError, ValueError) as error:
        raise DataError(path=path, reason=f"it cannot be read ({error}); delete it") from error
