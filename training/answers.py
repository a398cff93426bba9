"""Ask a teacher about every crop of some shards, once: `python -m training.answers --help`.

Answers are cached by teacher and view, shard by shard, so the command can be stopped at any time
and run again. A distillation that starts meanwhile uses the shards that have answers. --maps keeps
principal components of inner maps of an ONNX teacher too, for the hints of a recipe.
"""

import argparse
import logging
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.errors import UsageError
from training.command import carry_out, counted, plain_parser, stop_asked
from training.data.manifest import shard_names
from training.data.shards import answers_path, centre, open_shard, save_array
from training.device import choose_device
from training.distillation.hints import (
    BASIS_CROPS,
    Basis,
    ask_map,
    basis_of,
    basis_path,
    hint_view,
    load_basis,
    save_basis,
    spread_out,
)
from training.distillation.teachers import Teacher, as_views, open_teacher
from training.recipe.sections import RunSection

VIEWS = ("clean", "mirror")
ASK_BATCH = 32  # crops between two looks at the clock
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MapWish:
    """A map whose components are wanted."""

    name: str
    components: int


def seen(crops: NDArray[np.uint8], view: str) -> NDArray[np.uint8]:
    """The ArcFace crop as a view shows it: itself, or its mirror image.

    Args:
        crops: uint8 (N, 128, 128, 3). Not modified.
    """
    inner = centre(crops)
    return inner[:, :, ::-1] if view == "mirror" else inner


def main(arguments: list[str] | None = None) -> int:
    """Fill the cache for the views, maps and shards asked for."""
    return carry_out(parser(), run, arguments)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = plain_parser("training.answers", __doc__)
    result.add_argument("--data", type=Path, required=True, help="folder of shards")
    result.add_argument("--teacher", type=Path, required=True, help="who is asked")
    result.add_argument("--cache", type=Path, required=True, help="folder for decoded arrays")
    result.add_argument("--views", nargs="+", choices=VIEWS, default=["clean"])
    result.add_argument("--maps", nargs="+", default=[], metavar="NAME:COMPONENTS", type=_wish)
    result.add_argument("--shards", nargs="+", help="names; all by default")
    result.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    return result


def _wish(text: str) -> MapWish:
    name, _, count = text.rpartition(":")
    if not name or not count.isdigit() or not int(count):
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form NAME:COMPONENTS")
    return MapWish(name, int(count))


def run(options: argparse.Namespace) -> None:
    """Carry out one parsed command."""
    device = choose_device(RunSection(length=0, device=options.device))
    wishes: list[MapWish] = options.maps
    teacher = open_teacher(options.teacher, device, [wish.name for wish in wishes])
    names = _names(options.data, options.shards)
    asking = Asking(teacher, wishes, options.cache, device, stop_asked(options.max_minutes))
    missing = [(name, view) for view in options.views for name in names if asking.lacks(name, view)]
    log.info("%d of %d answers are missing", len(missing), len(names) * len(options.views))
    if options.dry_run:
        return
    for done, (name, view) in enumerate(missing):
        if not asking.fill(options.data, name, view):
            log.info("stopped; %d of %d were answered", done, len(missing))
            return


def _names(data: Path, wanted: Sequence[str] | None) -> tuple[str, ...]:
    known = shard_names(data)
    unknown = [name for name in wanted or () if name not in known]
    if unknown:
        raise UsageError(reason=f"there is no shard {unknown[0]} in {data}")
    return tuple(wanted) if wanted else known


@dataclass(frozen=True, slots=True, eq=False)
class Asking:
    """A teacher, what it is asked for, and when to stop."""

    teacher: Teacher
    wishes: Sequence[MapWish]
    cache: Path
    device: torch.device
    stopped: Callable[[], bool]

    def lacks(self, name: str, view: str) -> bool:
        """Whether a shard lacks answers, or components, that are wanted of a view."""
        views = [view, *(self._map_views() if view == "clean" else ())]
        paths = [answers_path(self.cache, name, self.teacher.digest, each) for each in views]
        return not all(path.is_file() for path in paths)

    def fill(self, data: Path, name: str, view: str) -> bool:
        """Ask about one shard; False where it was stopped before its end, and nothing is kept."""
        shard = open_shard(data, name, self.cache)
        crops = seen(shard.crops, view)
        bases = self._bases(crops) if view == "clean" else ()
        vectors: list[NDArray[np.float32]] = []
        maps: list[list[NDArray[np.float16]]] = [[] for _ in bases]
        started = time.monotonic()
        with counted(f"{name} {view}") as tell:
            for start in range(0, len(crops), ASK_BATCH):
                if self.stopped():
                    return False
                part = np.ascontiguousarray(crops[start : start + ASK_BATCH])
                answers, inner = self.teacher.answer(as_views(part, self.device))
                vectors.append(answers.cpu().numpy())
                for kept, basis, found in zip(maps, bases, inner, strict=False):
                    kept.append(basis.components(found).half().cpu().numpy())
                tell(start + len(part), len(crops))
        for map_view, kept in zip(self._map_views(), maps, strict=False):
            save_array(self._path(name, map_view), np.concatenate(kept))
        save_array(self._path(name, view), np.concatenate(vectors))
        each = 1000 * (time.monotonic() - started) / len(crops)
        log.info(
            "%s %s: %d crops, %.1f ms each; left out: %s",
            name,
            view,
            len(crops),
            each,
            shard.left_out,
        )
        return True

    def _path(self, name: str, view: str) -> Path:
        return answers_path(self.cache, name, self.teacher.digest, view)

    def _map_views(self) -> tuple[str, ...]:
        return tuple(hint_view(wish.name, wish.components) for wish in self.wishes)

    def _bases(self, crops: NDArray[np.uint8]) -> tuple[Basis, ...]:
        """The components of every wish; made once, from the first shard that is asked about."""
        return tuple(self._basis(wish, number, crops) for number, wish in enumerate(self.wishes))

    def _basis(self, wish: MapWish, number: int, crops: NDArray[np.uint8]) -> Basis:
        path = basis_path(self.cache, self.teacher.digest, wish.name, wish.components)
        basis = load_basis(path)
        if basis is None:
            chosen = spread_out(np.arange(len(crops)), BASIS_CROPS)
            maps: Tensor = ask_map(self.teacher, number, crops[chosen], self.device)
            basis = basis_of(maps, wish.components, wish.name)
            save_basis(path, basis)
        log.info(
            "%s: %d components hold %.0f %% of its variance",
            wish.name,
            wish.components,
            100 * basis.explained,
        )
        return basis


if __name__ == "__main__":
    sys.exit(main())
