"""Make a model pack from a run: `python -m training.export RUN --out PACK …`.

The network of the run's last checkpoint (or of one kept checkpoint) is rewritten to run fast,
compared with itself in torch on real crops, centred, measured beside its teacher, and written with
its card: a pack that the program loads. The folder's name becomes the pack's.
"""

import argparse
import logging
import sys
from pathlib import Path

from rich.console import Console

from core.domain.model_card import NAME
from core.errors import UsageError
from training.checkpoint import KEPT
from training.command import carry_out, plain_parser
from training.evaluate import limited
from training.evaluation.embeddings import Shown
from training.evaluation.measure import Measured, measure
from training.evaluation.report import Report, shown_table
from training.evaluation.sets import open_set
from training.evaluation.speed import time_sessions
from training.export.benchmark import benchmark
from training.export.card import CARD_FMR
from training.export.centring import centre_output
from training.export.history import history_of
from training.export.material import Material, gather
from training.export.pack import Judged, judge, write_pack
from training.export.parity import COSINE_LIMIT, cosine_gap
from training.export.quantize import quantized
from training.run_folder import read_environment
from training.saved_net import saved_net
from training.subjects import Network, network_of, open_network

PARITY_CROPS = 64  # real faces on which torch and onnxruntime must agree

log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command."""
    return carry_out(parser(), run, arguments)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = plain_parser("training.export", __doc__)
    found.add_argument("run", type=Path, help="run folder, best an annealed one, or a checkpoint")
    found.add_argument("--out", type=Path, required=True, help="folder of the pack, named like it")
    found.add_argument("--data", type=Path, required=True, help="what the run was trained on")
    found.add_argument("--cache", type=Path, required=True, help="folder for what is computed once")
    found.add_argument("--sets", nargs="+", required=True, metavar="NAME=PAIRS[@FOLDER]")
    found.add_argument(
        "--mated", nargs="+", required=True, help="names of the sets whose mated pairs count misses"
    )
    found.add_argument("--teacher", type=Path, help="measured side by side")
    found.add_argument("--note", default="", help="a sentence for the card's history")
    found.add_argument(
        "--licence",
        default="",
        help="of the pack, if the training pictures are your own to license",
    )
    found.add_argument("--int8", type=Path, metavar="PACK", help="also write it in 8-bit integers")
    found.add_argument(
        "--benchmark", action="store_true", help="time plain and rewritten graph, for the card"
    )
    return found


def run(options: argparse.Namespace) -> None:
    """Export, measure and write.

    Raises:
        PocketfaceError: Anything that keeps the pack from being true; nothing is written then.
    """
    packs = [path for path in (options.out, options.int8) if path is not None]
    for path in packs:
        _check_name(path)
    net, progress = saved_net(options.run)
    history = history_of(net, progress, read_environment(run_of(options.run)))
    sets = [open_set(text) for text in options.sets]
    _check_mated(options.mated, [pairs.name for pairs in sets])
    teacher = open_network(options.teacher) if options.teacher else None
    material = gather(
        options.data,
        options.cache,
        history,
        net.embedding,
        sets,
        options.mated,
        note=options.note,
        licence=options.licence,
    )
    centre_output(net, material.trained)
    network = network_of(net, options.out.name)
    gap = cosine_gap(net, network, material.strangers[:PARITY_CROPS])
    parity = f"the graph answers as torch does, to {gap:.1e} in cosine on real faces"
    log.info("%s", parity)
    if options.dry_run:
        return
    shown = limited(options.max_minutes)
    notes = [f"Graph: {parity} (limit {COSINE_LIMIT:g})."]
    if options.benchmark:
        notes.append(f"Speed: {benchmark(net).in_words()}.")
        log.info("%s", notes[-1])
    student = judge(network, material, shown)
    others = measured_on(teacher, material, shown) if teacher else []
    if options.int8:
        small = judge(quantized(network, material.trained, options.int8.name), material, shown)
        words = compared(student, small)
        write_pack(options.int8, small, material, others, [words])
        notes.append(words)
    write_pack(options.out, student, material, others, notes)
    Console().print(shown_table(Report({}, [*student.measured, *others])))


def run_of(path: Path) -> Path:
    """The run folder that a run folder or one of its kept checkpoints belongs to."""
    return path.resolve().parent.parent if path.resolve().parent.name == KEPT else path


def measured_on(network: Network, material: Material, shown: Shown) -> list[Measured]:
    """Another network on the sets of a pack."""
    return [measure(network, pairs, CARD_FMR, material.cache, shown) for pairs in material.sets]


def compared(full: Judged, small: Judged) -> str:
    """One sentence on accuracy and time of the two forms, timed in turns."""
    judged = {"fp32": full, "int8": small}
    times = time_sessions(
        {name: (each.network.session, each.network.input_shape) for name, each in judged.items()}
    )
    sets = [
        f"{one.set} {one.single.accuracy.value:.2%} and {other.single.accuracy.value:.2%}"
        for one, other in zip(full.measured, small.measured, strict=True)
    ]
    return (
        f"8-bit integers: {times['fp32'].median_ms:.1f} ms in single precision and "
        f"{times['int8'].median_ms:.1f} ms in integers, one thread, in turns; accuracy in this "
        f"order: {', '.join(sets)}."
    ).replace("%", " %")


def _check_name(path: Path) -> None:
    if not NAME.fullmatch(path.name):
        raise UsageError(
            reason=f"'{path.name}' is no name for a pack; it is lower case letters, digits, dots "
            "and dashes"
        )


def _check_mated(mated: list[str], names: list[str]) -> None:
    for name in mated:
        if name not in names:
            raise UsageError(reason=f"--mated names '{name}', and --sets has no such set")


if __name__ == "__main__":
    sys.exit(main())
