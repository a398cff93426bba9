"""Shards as `shards` reads them: a tar of encoded crops, and its manifest written last."""

import io
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.opencv import cv2
from training.data.manifest import CropRow, manifest_bytes
from training.data.shards import save_bytes

PNG_EFFORT = 1  # of 9; a crop takes 1.5 ms, and the strongest effort saves a tenth of its bytes
WEBP_QUALITY = 92
"""SFace's answer to a crop keeps a mean cosine of 0.994 to that of the crop before encoding (24
crops of CFP; 0.988 at 85), at a sixth of the bytes of PNG."""


@dataclass(frozen=True, slots=True)
class EncodedCrop:
    """One crop for a shard: its row, and its picture as a file's bytes."""

    row: CropRow
    data: bytes


def save_shard(folder: Path, name: str, crops: Sequence[EncodedCrop]) -> None:
    """Write NAME.tar and NAME.csv.gz; the same bytes for the same crops.

    Each appears under its name when complete. A shard without its manifest is no shard, so the
    manifest comes last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for crop in crops:
            member = tarfile.TarInfo(crop.row.file)
            member.size = len(crop.data)
            archive.addfile(member, io.BytesIO(crop.data))
    save_bytes(folder / f"{name}.tar", packed.getvalue())
    save_bytes(folder / f"{name}.csv.gz", manifest_bytes([crop.row for crop in crops]))


def as_png(crop: NDArray[np.uint8]) -> bytes:
    """A crop without loss."""
    return _encoded(crop, ".png", [cv2.IMWRITE_PNG_COMPRESSION, PNG_EFFORT])


def as_webp(crop: NDArray[np.uint8]) -> bytes:
    """A crop with little loss."""
    return _encoded(crop, ".webp", [cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY])


def _encoded(crop: NDArray[np.uint8], ending: str, options: list[int]) -> bytes:
    done, data = cv2.imencode(ending, crop, options)
    assert done, "an array of this shape always encodes"
    return data.tobytes()
