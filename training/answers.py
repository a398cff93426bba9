"""Decode shards and ask a teacher about every crop: `python -m training.answers --help`.

Answers are cached by teacher and view, shard by shard, so the command can be stopped at any time
and run again. A distillation that starts meanwhile uses the shards that have answers.
"""

import argparse
import logging
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from training.data.manifest import shard_names
from training.data.shards import answers_path, centre, open_shard, save_array
from training.nets.onnx_teacher import BATCH, SFACE_INPUT, OnnxTeacher, answer_all

VIEWS = ("clean", "mirror")
log = logging.getLogger(__name__)


def seen(crops: NDArray[np.uint8], view: str) -> NDArray[np.uint8]:
    """The ArcFace crop as a view shows it: itself, or its mirror image.

    Args:
        crops: uint8 (N, 128, 128, 3). Not modified.
    """
    inner = centre(crops)
    return inner[:, :, ::-1] if view == "mirror" else inner


def main(arguments: list[str] | None = None) -> None:
    """Fill the cache for the views and shards asked for."""
    parser = argparse.ArgumentParser(prog="training.answers", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of shards")
    parser.add_argument("--teacher", type=Path, required=True, help="SFace as an ONNX file")
    parser.add_argument("--cache", type=Path, required=True, help="folder for decoded arrays")
    parser.add_argument("--views", nargs="+", choices=VIEWS, default=["clean"])
    parser.add_argument("--shards", nargs="+", help="names; all by default")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")

    teacher = OnnxTeacher(options.teacher, SFACE_INPUT)
    names = options.shards or shard_names(options.data)
    for view in options.views:
        for name in names:
            path = answers_path(options.cache, name, teacher.digest[:12], view)
            shard = open_shard(options.data, name, options.cache)
            if path.is_file():
                continue
            started = time.monotonic()
            crops = seen(shard.crops, view)
            batches = answer_all(teacher, crops)
            total = -(-len(crops) // BATCH)
            answers = np.concatenate(list(track(batches, f"{name} {view}", total=total)))
            save_array(path, answers)
            took = time.monotonic() - started
            log.info(
                "%s %s: %d crops, %.1f ms each; left out: %s",
                name,
                view,
                len(answers),
                1000 * took / len(answers),
                shard.left_out,
            )


if __name__ == "__main__":
    main()
