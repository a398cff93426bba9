"""Small synthetic face crops for tests and smoke runs: `python -m training.synth FOLDER`.

Cartoons drawn from random numbers, so they are nobody's picture: each person has a skin, hair,
face shape and features of their own, and each crop a light, a shift and noise of its own. Writes
shards in the form that `training.answers` reads: NAME.tar with NAME.csv.gz.
"""

import argparse
import csv
import gzip
import io
import tarfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.opencv import cv2
from training.data.manifest import COLUMNS
from training.data.shards import CROP_SIDE_PX, MARGIN_PX

# The five points of the ArcFace template (eyes, nose, mouth corners), moved by the margin, px.
_POINTS = np.array([[38.3, 51.7], [73.5, 51.5], [56.0, 71.7], [41.5, 92.4], [70.7, 92.2]])
POINTS = _POINTS + MARGIN_PX


def draw_face(person: int, crop: int) -> NDArray[np.uint8]:
    """One crop of one synthetic person: uint8 (128, 128, 3), BGR; always the same."""
    own = np.random.default_rng((person, 1))
    skin = own.uniform((60, 90, 130), (190, 210, 245))
    hair, iris = own.uniform(10, 140, 3), own.uniform(20, 160, 3)
    width, height = own.uniform(38, 50), own.uniform(52, 66)
    mouth, nose, brow = own.uniform(2, 7), own.uniform(3, 8), own.uniform(1, 5)
    now = np.random.default_rng((person, crop, 2))
    picture = np.full((CROP_SIDE_PX, CROP_SIDE_PX, 3), now.uniform(0, 255, 3), dtype=np.float32)
    middle = (int(POINTS[:, 0].mean()), int(POINTS[2, 1]) + 4)
    _ellipse(picture, (middle[0], middle[1] - 10), (width + 6, height + 8), hair)
    _ellipse(picture, middle, (width, height), skin)
    for x, y in POINTS[:2]:
        _ellipse(picture, (x, y), (8, 4.5), (240, 240, 240))
        _ellipse(picture, (x, y), (4, 4), iris)
        _ellipse(picture, (x, y - 11), (10, brow), hair)
    _ellipse(picture, (POINTS[2, 0], POINTS[2, 1]), (nose, nose * 1.4), skin * 0.8)
    lips = (POINTS[3] + POINTS[4]) / 2
    _ellipse(picture, (lips[0], lips[1]), ((POINTS[4, 0] - POINTS[3, 0]) / 2, mouth), (70, 60, 190))
    shift = np.array([[1, 0, now.uniform(-2, 2)], [0, 1, now.uniform(-2, 2)]])
    size = (CROP_SIDE_PX, CROP_SIDE_PX)
    moved = cv2.warpAffine(picture, shift, size, borderMode=cv2.BORDER_REPLICATE)
    lit = moved * now.uniform(0.75, 1.2) + now.normal(0, 4, picture.shape)
    return np.clip(cv2.GaussianBlur(lit, (0, 0), 0.8), 0, 255).astype(np.uint8)


def write_shard(folder: Path, name: str, people: range, crops: int) -> None:
    """A tar of lossless WebP crops with its manifest; the same bytes every time.

    Args:
        people: Numbers of the synthetic people.
        crops: Of each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    with tarfile.open(folder / f"{name}.tar", "w", format=tarfile.USTAR_FORMAT) as archive:
        for crop in range(crops):
            for person in people:
                file = f"synth/{person:05d}_{crop:03d}.webp"
                data = _encoded(draw_face(person, crop))
                member = tarfile.TarInfo(file)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
                writer.writerow([file, "synth", f"{person:05d}", 112, 0.9, 300, 0, 0.5, 0, 30])
    packed = gzip.compress(table.getvalue().encode(), mtime=0)
    (folder / f"{name}.csv.gz").write_bytes(packed)


def main(arguments: list[str] | None = None) -> None:
    """Write two shards."""
    parser = argparse.ArgumentParser(prog="training.synth", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=64)
    parser.add_argument("--crops", type=int, default=4, help="of each person")
    options = parser.parse_args(arguments)
    half = options.people // 2
    write_shard(options.folder, "synth-00", range(half), options.crops)
    write_shard(options.folder, "synth-01", range(half, options.people), options.crops)


def _ellipse(
    picture: NDArray[np.float32],
    centre: tuple[float, float],
    axes: tuple[float, float],
    colour: "tuple[float, float, float] | NDArray[np.float64]",
) -> None:
    cv2.ellipse(
        picture,
        (round(centre[0]), round(centre[1])),
        (max(1, round(axes[0])), max(1, round(axes[1]))),
        0,
        0,
        360,
        [float(value) for value in colour],
        -1,
        cv2.LINE_AA,
    )


def _encoded(crop: NDArray[np.uint8]) -> bytes:
    done, data = cv2.imencode(".webp", crop, [cv2.IMWRITE_WEBP_QUALITY, 101])
    assert done, "an array of this shape always encodes"
    return data.tobytes()


if __name__ == "__main__":
    main()
