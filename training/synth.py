"""Small synthetic faces for tests and smoke runs: `python -m training.synth --help`.

The people are drawn from random numbers, so they are nobody's picture, and the same numbers give
the same files on every machine. OUT becomes a folder of shards, as the other commands read them;
--pairs adds people of a pair list to measure with, --photos pictures of one person a folder, in
which the program's own detector finds the face.
"""

import argparse
import dataclasses
import itertools
import logging
import math
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.opencv import cv2
from training.command import carry_out, plain_parser, stop_asked, tracked
from training.data.crop_measures import chroma, face_of_points, pose_ratios, sharpness
from training.data.manifest import CropRow
from training.data.shard_writer import EncodedCrop, as_png, save_shard
from training.data.shards import CROP_SIDE_PX, MARGIN_PX
from training.synth_drawing import draw, draw_aligned
from training.synth_people import landmarks, make_person, make_shot

SHARD_PEOPLE = 256  # in one shard; with 8 crops each it has 60 MB
PAIRS_FROM = 1_000_000  # numbers of the people of pair lists, whom no shard holds
PHOTOS_FROM = 2_000_000  # numbers of the people of photos
PHOTO_SIZE_PX = (480, 360)
PHOTO_SCALE = 1.6  # photo px for one px of the 112-px crop: a face 130 px wide
PHOTO_TURN = 0.6  # of a crop's turn: people look into a camera more than past it
PHOTO_QUALITY = 90
FOLDS = 5
FACE_PX = 112.0  # drawn at the size of the crop
log = logging.getLogger(__name__)


def draw_face(person: int, crop: int) -> NDArray[np.uint8]:
    """One crop of one synthetic person: uint8 (128, 128, 3), BGR; always the same."""
    return draw_aligned(make_person(person), make_shot(person, crop), CROP_SIDE_PX, MARGIN_PX)


def draw_photo(person: int, shot: int) -> NDArray[np.uint8]:
    """A picture with one synthetic person in it: uint8 (360, 480, 3), BGR; always the same."""
    free = make_shot(person, shot)
    now = dataclasses.replace(free, yaw=free.yaw * PHOTO_TURN)
    across, down = np.random.default_rng((person, shot, 3)).uniform(-40, 40, 2)
    cosine, sine = np.cos(now.lean) * PHOTO_SCALE, np.sin(now.lean) * PHOTO_SCALE
    width, height = PHOTO_SIZE_PX
    to_photo = np.array(
        [[cosine, -sine, width / 2 + across], [sine, cosine, height / 2.2 + down / 2]]
    )
    return draw(make_person(person), now, to_photo, PHOTO_SIZE_PX)


def write_shard(folder: Path, name: str, people: range, crops: int) -> None:
    """A tar of lossless crops with its manifest; the same bytes every time.

    Args:
        people: Numbers of the synthetic people.
        crops: Of each.
    """
    drawn = [_encoded(person, crop) for crop in range(crops) for person in people]
    save_shard(folder, name, drawn)


def write_pairs(folder: Path, people: int, crops: int) -> None:
    """112-px crops of people whom no shard holds, and `pairs.csv` over five folds of people.

    Every two crops of a person are a mated pair; as many non-mated pairs lie within each fold.
    """
    lines = ["a,b,same,fold"]
    random = np.random.default_rng(PAIRS_FROM)
    for fold in range(FOLDS):
        members = range(PAIRS_FROM + fold, PAIRS_FROM + people, FOLDS)
        for person in members:
            (folder / str(person)).mkdir(parents=True, exist_ok=True)
            for crop in range(crops):
                data = as_png(_inner(draw_face(person, crop)))
                (folder / str(person) / f"{crop}.png").write_bytes(data)
                for other in range(crop):
                    lines.append(f"{person}/{other}.png,{person}/{crop}.png,1,{fold}")
                    one, two = random.choice(members, 2, replace=False)
                    lines.append(f"{one}/{other}.png,{two}/{crop}.png,0,{fold}")
    (folder / "pairs.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_photos(folder: Path, people: int, shots: int) -> None:
    """`PERSON/SHOT.jpg`: photos of people whom no shard holds."""
    for person in range(PHOTOS_FROM, PHOTOS_FROM + people):
        (folder / str(person)).mkdir(parents=True, exist_ok=True)
        for shot in range(shots):
            options = [cv2.IMWRITE_JPEG_QUALITY, PHOTO_QUALITY]
            done, data = cv2.imencode(".jpg", draw_photo(person, shot), options)
            assert done, "an array of this shape always encodes"
            (folder / str(person) / f"{shot}.jpg").write_bytes(data.tobytes())


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command."""
    parser = plain_parser("training.synth", __doc__)
    parser.add_argument("out", type=Path, metavar="OUT", help="folder for the shards")
    parser.add_argument("--people", type=_at_least(2), default=64, help="in the shards")
    parser.add_argument("--crops", type=_at_least(1), default=4, help="of each person")
    parser.add_argument("--pairs", type=Path, help="folder for crops with a pair list")
    parser.add_argument("--pair-people", type=_at_least(2 * FOLDS), default=30)
    parser.add_argument("--photos", type=Path, help="folder for photos, one folder a person")
    parser.add_argument("--photo-people", type=_at_least(1), default=4)
    return carry_out(parser, _run, arguments)


def _run(options: argparse.Namespace) -> None:
    shards = max(2, math.ceil(options.people / SHARD_PEOPLE))
    borders = np.linspace(0, options.people, shards + 1).astype(int).tolist()
    parts = [range(*ends) for ends in itertools.pairwise(borders)]
    if options.dry_run:
        total = options.people * options.crops
        log.info("%d crops of %d people in %d shards", total, options.people, shards)
        return
    stopped = stop_asked(options.max_minutes)
    for number, people in enumerate(tracked(parts, "shards")):
        if stopped():
            log.info("Stopped after %d of %d shards.", number, shards)
            return
        write_shard(options.out, f"synth-{number:02d}", people, options.crops)
    if options.pairs:
        write_pairs(options.pairs, options.pair_people, options.crops)
    if options.photos:
        write_photos(options.photos, options.photo_people, options.crops)


def _encoded(person: int, crop: int) -> EncodedCrop:
    points = landmarks(make_person(person), make_shot(person, crop))
    yaw, pitch = pose_ratios(face_of_points(points, detector_score=1.0))
    picture = draw_face(person, crop)
    face = _inner(picture)
    row = CropRow(
        file=f"synth/{person:05d}_{crop:03d}.png",
        source="synth",
        identity=f"{person:05d}",
        face_px=FACE_PX,
        detector_score=1.0,
        sharpness=sharpness(face),
        yaw=yaw,
        pitch=pitch,
        padded_share=0.0,
        chroma=chroma(face),
    )
    return EncodedCrop(row, as_png(picture))


def _inner(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(crop[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX])


def _at_least(least: int) -> Callable[[str], int]:
    def count(text: str) -> int:
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"it is at least {least}")
        return number

    return count


if __name__ == "__main__":
    sys.exit(main())
