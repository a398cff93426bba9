"""Measure networks side by side: `python -m training.evaluate SUBJECT … --sets NAME=PAIRS …`.

A subject is a run folder (its last checkpoint), one kept checkpoint, a pack's folder, SFace's
published ONNX file, or any other ONNX file with --input. A set is NAME=PAIRS.csv, NAME=PAIRS.txt
in LFW's layout (with @FOLDER where the pictures lie elsewhere) or NAME=SET.bin. Pictures of
112×112 px are aligned crops; all others are aligned by the program's own detector.

With --out, the figures go into metrics.json and report.md with pictures of the curves.
"""

import argparse
import logging
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.console import Console

from core.domain.model_card import InputSpec
from core.errors import UsageError
from training.checkpoint import KEPT
from training.command import carry_out, plain_parser, stop_asked, tracked
from training.errors import TimeOverError
from training.evaluation.embeddings import Shown, embed_all
from training.evaluation.groups import NOBODY, StatedFaces, group_rates, read_groups
from training.evaluation.measure import measure
from training.evaluation.protocols import (
    Ijb,
    Megaface,
    measure_ijb,
    measure_megaface,
    open_ijb,
    open_megaface,
)
from training.evaluation.report import Report, shown_table, write_report
from training.evaluation.resolution import SIDES_PX
from training.evaluation.sets import PairSet, open_set
from training.evaluation.speed import ROUNDS, time_sessions
from training.run_folder import environment
from training.subjects import CHANNEL, Network, open_network

DEFAULT_INPUT = f"rgb,112,{CHANNEL},{CHANNEL}"
log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command."""
    return carry_out(parser(), run, arguments)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = plain_parser("training.evaluate", __doc__)
    found.add_argument("subjects", type=Path, nargs="+", metavar="SUBJECT")
    found.add_argument("--sets", nargs="+", default=[], metavar="NAME=PAIRS[@FOLDER]")
    found.add_argument(
        "--ijb",
        nargs=2,
        type=Path,
        action="append",
        default=[],
        metavar=("META", "PICTURES"),
        help="IJB-B or IJB-C, 1:1 templates",
    )
    found.add_argument(
        "--megaface",
        nargs=4,
        type=Path,
        metavar=("PROBES", "FOLDER", "DISTRACTORS", "FOLDER"),
        help="lists and their pictures",
    )
    found.add_argument(
        "--megaface-noise",
        nargs=2,
        type=Path,
        metavar=("PROBES", "DISTRACTORS"),
        help="lists of noisy pictures, for the cleaned protocol",
    )
    found.add_argument(
        "--groups",
        type=Path,
        metavar="SHARDS",
        help="also measure FMR within groups, where file names state sex, age or origin, at the "
        "thresholds of the first set",
    )
    found.add_argument("--fmr", type=float, default=1e-3, help="of the table's TAR column")
    found.add_argument("--cache", type=Path, help="folder where vectors are kept between runs")
    found.add_argument("--out", type=Path, help="folder for metrics.json, report.md and pictures")
    found.add_argument(
        "--input",
        type=input_spec,
        metavar="COLOUR,SIDE,MEAN,STD",
        help=f"how ONNX files without a card are fed, such as {DEFAULT_INPUT}",
    )
    found.add_argument(
        "--resolutions",
        type=int,
        nargs="*",
        metavar="PX",
        help=f"also measure with probes shrunk to so many pixels ({SIDES_PX[0]}–{SIDES_PX[-1]} "
        "without numbers)",
    )
    found.add_argument(
        "--speed-rounds", type=int, default=ROUNDS, help="runs that are timed; 0 for none"
    )
    return found


def input_spec(text: str) -> InputSpec:
    """How a model is fed, from `--input`.

    Raises:
        ValueError: Not COLOUR,SIDE,MEAN,STD, or not what an input can be.
    """
    colour, side, mean, std = text.split(",")
    facts = {
        "width": int(side),
        "height": int(side),
        "colour": colour,
        "mean": (float(mean),) * 3,
        "std": (float(std),) * 3,
    }
    return msgspec.convert(facts, InputSpec)


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """Everything there is to measure on, opened."""

    sets: tuple[PairSet, ...]
    ijbs: tuple[Ijb, ...]
    megaface: Megaface | None
    stated: StatedFaces
    sides_px: tuple[int, ...]


def open_sources(options: argparse.Namespace) -> Sources:
    """What the command line names.

    Raises:
        PocketfaceError: Something cannot be opened, or there is nothing to measure on.
    """
    if not (options.sets or options.ijb or options.megaface):
        raise UsageError(reason="nothing to measure on; give --sets, --ijb or --megaface")
    if options.groups and not options.sets:
        raise UsageError(reason="--groups takes its thresholds from the first of --sets")
    sides = () if options.resolutions is None else tuple(options.resolutions or SIDES_PX)
    if any(not SIDES_PX[0] <= side <= SIDES_PX[-1] for side in sides):
        raise UsageError(reason=f"probes are shrunk to {SIDES_PX[0]}–{SIDES_PX[-1]} px")
    cache = options.cache or options.groups
    return Sources(
        sets=tuple(open_set(text) for text in options.sets),
        ijbs=tuple(open_ijb(*places) for places in options.ijb),
        megaface=options.megaface and open_megaface(options.megaface, options.megaface_noise),
        stated=read_groups(options.groups, cache) if options.groups else NOBODY,
        sides_px=sides,
    )


def run(options: argparse.Namespace) -> None:
    """Open everything, measure, print, write.

    Raises:
        PocketfaceError: Something cannot be opened; nothing has been written.
    """
    refuse_choosing(options.subjects)
    sources = open_sources(options)
    networks = open_networks(options.subjects, options.input)
    for pairs in sources.sets:
        count = len(pairs.comparisons.left)
        log.info("%s: %d pairs, %d pictures", pairs.name, count, len(pairs.pictures))
    if options.dry_run:
        return
    report = Report(environment=environment("cpu"))
    shown = limited(options.max_minutes)
    for network in networks:
        measure_all(network, sources, report, options.fmr, options.cache, shown)
    if options.speed_rounds:
        sessions = {network.name: (network.session, network.input_shape) for network in networks}
        report.speed = time_sessions(sessions, options.speed_rounds)
    Console().print(shown_table(report))
    if options.out:
        write_report(options.out, report)
        log.info("Written to %s", options.out)


def measure_all(
    network: Network, sources: Sources, report: Report, fmr: float, cache: Path | None, shown: Shown
) -> None:
    """Add everything about one network to the report."""
    sides = sources.sides_px
    found = [measure(network, pairs, fmr, cache, shown, sides) for pairs in sources.sets]
    report.measured += found
    for ijb in sources.ijbs:
        by_template = measure_ijb(network, ijb, cache, shown)
        report.templates.setdefault(network.name, {})[ijb.name] = by_template
    if sources.megaface:
        searched = measure_megaface(network, sources.megaface, cache, shown)
        report.searches[network.name] = searched
    if sources.stated.members:
        vectors = embed_all(network, sources.stated.crops, shown)
        rates = found[0].single.rates
        report.groups[network.name] = group_rates(vectors, sources.stated.members, rates)


def refuse_choosing(subjects: Sequence[Path]) -> None:
    """Refuse several checkpoints of one run: the best of many is luck on these very pairs.

    Raises:
        UsageError: Two subjects are checkpoints of one run.
    """
    runs = [path.parent.parent if path.parent.name == KEPT else path for path in subjects]
    resolved = [run.resolve() for run in runs]
    for path, place in zip(subjects, resolved, strict=True):
        if resolved.count(place) > 1:
            raise UsageError(
                reason=f"'{path}' is one of several checkpoints of one run; choose one by its "
                "validation figures and measure that one alone"
            )


def open_networks(subjects: Sequence[Path], spec: InputSpec | None) -> list[Network]:
    """The subjects, each under a name of its own."""
    networks = [open_network(path, spec) for path in subjects]
    names = [network.name for network in networks]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(reason=f"two subjects are called '{name}'; rename one's folder")
    return networks


def limited(max_minutes: float) -> Shown:
    """Progress bars that end the command once its time is over or Ctrl-C was pressed."""
    stopped = stop_asked(max_minutes)

    def shown(numbers: range, title: str) -> Iterable[int]:
        for number in tracked(numbers, title, len(numbers)):
            if stopped():
                raise TimeOverError(what=title)
            yield number

    return shown


if __name__ == "__main__":
    sys.exit(main())
