"""Photos and videos of people → shards of aligned crops to train on.

PHOTOS is a folder with one folder a person, whose name becomes the person's label; with
--unlabelled it is any folder or file, and nobody is named. Faces are found and aligned as the
program itself does it, files and photographs that occur twice are used once, and OUT gets a
report. A preparation that was stopped goes on where it was when the same command is run again,
and takes files that were added meanwhile.
"""

import argparse
import logging
import os
import re
import sys
from collections import Counter
from pathlib import Path

from core.vision.detect import open_detector
from training.command import carry_out, plain_parser, stop_asked, tracked
from training.errors import DataError
from training.prepare.photos import Photo, list_photos
from training.prepare.progress import Choices, Progress, load_progress
from training.prepare.report import write_report
from training.prepare.work import Preparer

SMALLEST_PX = 40.0  # side of a box; eyes 16 px apart, little more than verifying needs
EVERY_S = 1.0  # between two frames of a video; sooner, they show nearly the same
SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command."""
    parser = plain_parser("training.prepare", __doc__)
    parser.add_argument("photos", type=Path, nargs="+", metavar="PHOTOS")
    parser.add_argument("--out", type=Path, required=True, help="folder for shards and report")
    parser.add_argument("--unlabelled", action="store_true", help="nobody is named")
    parser.add_argument(
        "--source", default="photos", help="name of the collection, in the manifest (%(default)s)"
    )
    parser.add_argument(
        "--smallest-px",
        type=_positive,
        default=SMALLEST_PX,
        help="side of the smallest face that is used, in the photo (%(default)g)",
    )
    parser.add_argument(
        "--every-s",
        type=_positive,
        default=EVERY_S,
        help="seconds between two frames of a video (%(default)g)",
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of the detector")
    return carry_out(parser, _run, arguments)


def _run(options: argparse.Namespace) -> None:
    if not SOURCE.fullmatch(options.source):
        reason = "--source is a word of small letters, digits, '-' and '_'"
        raise DataError(path=options.source, reason=reason)
    choices = Choices(options.source, not options.unlabelled, options.smallest_px, options.every_s)
    photos = list_photos(options.photos, labelled=choices.labelled)
    progress = load_progress(options.out, choices)
    if options.dry_run:
        _announce(photos, progress)
        return
    options.out.mkdir(parents=True, exist_ok=True)
    preparer = Preparer(options.out, progress, open_detector(options.threads))
    stopped = stop_asked(options.max_minutes)
    complete = preparer.run(tracked(photos, "files", total=len(photos)), stopped)
    write_report(options.out, progress, complete=complete)
    kept, left_out = progress.kept.total(), progress.reasons().total()
    log.info("%d crops; %d files or frames gave none (see report.md)", kept, left_out)
    if not complete:
        log.info("Stopped before the end; the same command goes on.")
    elif not kept:
        raise DataError(path=options.photos[0], reason="no face in it can be used; see report.md")


def _announce(photos: tuple[Photo, ...], progress: Progress) -> None:
    people = Counter(photo.person for photo in photos if photo.person)
    log.info("%d files of %d people", len(photos), len(people))
    if progress.done:
        log.info("%d files were dealt with before", len(progress.done))
    for person, count in people.most_common():
        log.info("  %s: %d", ascii(person)[1:-1], count)


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("it is more than 0")
    return number


if __name__ == "__main__":
    sys.exit(main())
