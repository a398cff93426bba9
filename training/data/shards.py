"""Shards decoded once into plain arrays, and teachers' answers beside them.

The cache folder holds, for each shard NAME: `NAME.crops.npy` (uint8 BGR), `NAME.rows.json` (which
files they are, and what was left out) and one `NAME.<teacher>.<view>.npy` for each teacher and
view. Arrays are opened by memory mapping, so several processes share them. `NAME.sha256` keeps the
digest of the crops where somebody asked for it.
"""

import hashlib
import tarfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from training.data.decoding import CropWriter, decode_whole
from training.data.manifest import CropRow, read_manifest
from training.errors import DataError

CROP_SIDE_PX = 128  # the 112-px ArcFace crop with 8 px on each side, room for jitter
MARGIN_PX = 8
MAX_MEMBER_BYTES = 1024 * 1024  # a 128-px WebP has 1–6 kB


class CachedRows(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a cached shard was made from.

    Attributes:
        manifest_sha256: Of the CSV the rows came from.
        files: Names inside the tar, in the order of the arrays.
        left_out: How many rows or members were not used, by reason.
    """

    manifest_sha256: str
    files: tuple[str, ...]
    left_out: dict[str, int]


@dataclass(frozen=True, slots=True)
class Shard:
    """One decoded shard.

    Attributes:
        rows: One a crop.
        crops: uint8 (N, 128, 128, 3), BGR, read-only, memory-mapped.
        left_out: How many rows or members were not used, by reason.
    """

    name: str
    rows: tuple[CropRow, ...]
    crops: NDArray[np.uint8]
    left_out: dict[str, int]


def open_shard(data: Path, name: str, cache: Path) -> Shard:
    """A shard from the cache, decoding it first where that has not been done.

    Raises:
        DataError: The tar or its CSV cannot be used.
    """
    manifest = data / f"{name}.csv.gz"
    try:
        digest = hashlib.sha256(manifest.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(path=manifest, reason=str(error)) from error
    by_file = {row.file: row for row in read_manifest(manifest)}
    rows_path, crops_path = cache / f"{name}.rows.json", cache / f"{name}.crops.npy"
    cached = _read_rows(rows_path)
    if cached is None or cached.manifest_sha256 != digest:
        cache.mkdir(parents=True, exist_ok=True)
        _digest_path(cache, name).unlink(missing_ok=True)
        files, left_out = _decode(data / f"{name}.tar", by_file, crops_path)
        cached = CachedRows(digest, files, dict(left_out))
        save_bytes(rows_path, msgspec.json.encode(cached))
    rows = tuple(by_file[file] for file in cached.files)
    crops = np.load(crops_path, mmap_mode="r")
    if crops.shape != (len(rows), CROP_SIDE_PX, CROP_SIDE_PX, 3) or crops.dtype != np.uint8:
        raise DataError(path=crops_path, reason="the array does not fit its rows; delete it")
    return Shard(name, rows, crops, cached.left_out)


def shard_digest(shard: Shard, cache: Path) -> str:
    """SHA-256 over the crops of a shard and who is on them; kept in the cache."""
    path = _digest_path(cache, shard.name)
    if path.is_file():
        return path.read_text(encoding="ascii")
    digest = hashlib.sha256()
    for row, crop in zip(shard.rows, shard.crops, strict=True):
        digest.update(f"{row.file}\0{row.person}\0".encode() + crop.tobytes())
    save_bytes(path, digest.hexdigest().encode())
    return digest.hexdigest()


def _digest_path(cache: Path, name: str) -> Path:
    return cache / f"{name}.sha256"


def centre(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The ArcFace crop inside crops with a margin: uint8 (N, 112, 112, 3), a view."""
    return crops[:, MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]


def answers_path(cache: Path, shard: str, teacher: str, view: str) -> Path:
    """Where a teacher's answers to one view of a shard are kept."""
    return cache / f"{shard}.{teacher}.{view}.npy"


def save_array(path: Path, array: NDArray[np.generic]) -> None:
    """Write an array so that a reader sees all of it or nothing."""
    part = path.with_suffix(".part.npy")
    np.save(part, array, allow_pickle=False)
    part.replace(path)


def save_bytes(path: Path, data: bytes) -> None:
    """Write bytes so that a reader sees all of them or nothing."""
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)


def _read_rows(path: Path) -> CachedRows | None:
    if not path.is_file():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=CachedRows)
    except msgspec.DecodeError as error:
        raise DataError(path=path, reason=f"it is no cache index ({error})") from error


def _decode(
    tar: Path, by_file: dict[str, CropRow], crops_path: Path
) -> tuple[tuple[str, ...], Counter[str]]:
    """Decode a tar's pictures into an array file; which they are, and what was left out."""
    left_out: Counter[str] = Counter()
    files: list[str] = []
    try:
        with (
            tarfile.open(tar, "r:") as archive,
            CropWriter(crops_path, CROP_SIDE_PX) as writer,
        ):
            for member in archive:
                if member.name not in by_file:
                    left_out["without a row"] += 1
                    continue
                crop = _decode_member(archive, member)
                if crop is None:
                    left_out["unreadable or of another size"] += 1
                    continue
                writer.append(crop)
                files.append(member.name)
            if not files:
                raise DataError(path=tar, reason="it holds no usable picture")
    except (OSError, tarfile.TarError) as error:
        raise DataError(path=tar, reason=f"it is no readable tar file ({error})") from error
    left_out["row without a picture"] = len(by_file) - len(set(files))
    return tuple(files), +left_out


def _decode_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> NDArray[np.uint8] | None:
    if not member.isfile() or not 0 < member.size <= MAX_MEMBER_BYTES:
        return None
    stream = archive.extractfile(member)
    if stream is None:
        return None
    with stream:
        picture = decode_whole(stream.read())
    if picture is None or picture.shape != (CROP_SIDE_PX, CROP_SIDE_PX, 3):
        return None
    return picture
