"""Training speed of a network on this processor: PyTorch against the fused kernels.

One step is: gradients to zero, forward, cosine loss, backward, SGD, on random pictures. The
variants take turns step by step, so that what else the machine does hits all alike. Several
processes share their gradients' mean:
torchrun --nproc-per-node 2 -m training.bench --threads 1
"""

import argparse
import gc
import logging
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.nn import functional

from core.errors import UsageError
from training import engine_cpu
from training.command import carry_out, plain_parser, stop_asked
from training.distributed import Group, join_group
from training.engine.backend import Engine, TorchEngine
from training.engine.loss_scale import LossScale
from training.nets.genotype import read_genotype
from training.nets.pocketnet import PocketNet, named_pocketnet
from training.recipe.sections import MIN_BATCH, RunSection

EAGER = "eager fp32"
SMALL_RATE = 1e-3  # keeps the weights of a random task in their range
SETTLED = 10  # memory is compared from the tenth part of the steps on
PAGE_KIB = 4096 // 1024
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured.

    Attributes:
        batch: Pictures in a step, of each process.
        threads: Of each process.
    """

    architecture: str
    genotype: Path | None
    batch: int
    threads: int


@dataclass(frozen=True, slots=True)
class Row:
    """One variant at one input size; medians over the rounds.

    Attributes:
        side: Input size, px.
        images_per_s: Of all processes together.
        cpu_ms: Processor milliseconds a picture, of this process, all its threads.
        least_cpu_ms: The best round: what a quiet machine comes close to.
        ratio: Of eager's time in the same round, by the clock; 1 for eager itself.
        cpu_ratio: The same of processor time, which other work disturbs less.
    """

    side: int
    variant: str
    batch: int
    threads: int
    processes: int
    rounds: int
    images_per_s: float
    cpu_ms: float
    least_cpu_ms: float
    ratio: float
    cpu_ratio: float


@dataclass(slots=True)
class Variant:
    """One way to compute a step, and the seconds its rounds took."""

    name: str
    engine: Engine
    net: PocketNet
    optimiser: torch.optim.Optimizer
    torch_threads: int
    wall: list[float]
    cpu: list[float]


def make_variants(case: Case, side: int) -> list[Variant]:
    """The same network once for each way to train it; fused ones where they can be built."""
    makers: dict[str, Callable[[PocketNet], Engine]] = {
        EAGER: lambda net: TorchEngine(
            net, RunSection(length=0), torch.device("cpu"), LossScale(needed=False)
        )
    }
    refused = engine_cpu.available()
    if refused:
        log.warning("%s", refused)
    else:
        makers["fused fp32"] = lambda net: engine_cpu.FusedEngine(net, "fp32", case.threads)
        makers["fused bf16"] = lambda net: engine_cpu.FusedEngine(net, "bf16", case.threads)
    genotype = read_genotype(case.genotype) if case.genotype else None
    variants = []
    for name, make in makers.items():
        torch.manual_seed(0)
        net = named_pocketnet(case.architecture, genotype, side).train()
        optimiser = torch.optim.SGD(net.parameters(), lr=SMALL_RATE, momentum=0.9)
        torch_threads = case.threads if name == EAGER else 1  # the kernels bring their own
        variants.append(Variant(name, make(net), net, optimiser, torch_threads, [], []))
    return variants


def measure(
    case: Case, side: int, rounds: int, stopped: Callable[[], bool], group: Group
) -> list[Row]:
    """All variants at one size, one round to warm up and then at least one that counts."""
    images, loss = make_task(case, side)
    variants = make_variants(case, side)
    before = torch.get_num_threads()
    gc.collect()
    gc.freeze()  # what exists now stays until the end; searching it would disturb the times
    for number in range(rounds + 1):
        for variant in variants:
            torch.set_num_threads(variant.torch_threads)
            wall, cpu = time.perf_counter(), time.process_time()
            take_step(variant, images, loss, group)
            if number:
                variant.wall.append(time.perf_counter() - wall)
                variant.cpu.append(time.process_time() - cpu)
        (over,) = group.any(stopped(), device=torch.device("cpu"))
        if number and over:
            break
    torch.set_num_threads(before)
    gc.unfreeze()
    return [_row(case, side, variant, variants[0], group) for variant in variants]


def make_task(case: Case, side: int) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Random pictures, and the loss of pulling their embeddings towards random directions."""
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(case.batch, 3, side, side, generator=generator) * 2 - 1
    width = named_pocketnet(case.architecture, None, side).embedding
    wanted = torch.randn(case.batch, width, generator=generator)

    def loss(embedding: Tensor) -> Tensor:
        return (1 - functional.cosine_similarity(embedding, wanted)).mean()

    return images, loss


def take_step(
    variant: Variant, images: Tensor, loss: Callable[[Tensor], Tensor], group: Group
) -> None:
    """One whole training step."""
    variant.optimiser.zero_grad()
    variant.engine.embed_and_backward(images, loss)
    group.mean_([p.grad for p in variant.net.parameters() if p.grad is not None])
    variant.optimiser.step()


def _row(case: Case, side: int, variant: Variant, eager: Variant, group: Group) -> Row:
    def against(own: list[float], other: list[float]) -> float:
        return statistics.median(b / a for a, b in zip(own, other, strict=True))

    per_picture = [1000 * seconds / case.batch for seconds in variant.cpu]
    return Row(
        side=side,
        variant=variant.name,
        batch=case.batch,
        threads=case.threads,
        processes=group.size,
        rounds=len(variant.wall),
        images_per_s=round(group.size * case.batch / statistics.median(variant.wall), 2),
        cpu_ms=round(statistics.median(per_picture), 3),
        least_cpu_ms=round(min(per_picture), 3),
        ratio=round(against(variant.wall, eager.wall), 3),
        cpu_ratio=round(against(variant.cpu, eager.cpu), 3),
    )


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """Resident memory of the process over many fused steps, MiB."""

    side: int
    variant: str
    batch: int
    steps: int
    settled_mib: float
    end_mib: float


def watch_memory(case: Case, side: int, steps: int, stopped: Callable[[], bool]) -> MemoryRow:
    """Memory after a tenth of the steps and after all, with the variant that is trained with.

    Raises:
        UsageError: The system does not tell a process its memory.
    """
    statistics_file = Path("/proc/self/statm")
    if not statistics_file.exists():
        raise UsageError(reason="resident memory is read from /proc, which this system lacks")

    def resident_mib() -> float:
        gc.collect()
        return int(statistics_file.read_text(encoding="ascii").split()[1]) * PAGE_KIB / 1024

    images, loss = make_task(case, side)
    variant = make_variants(case, side)[-1]
    settled, done = 0.0, 0
    while done < steps and not (settled and stopped()):
        take_step(variant, images, loss, Group())
        done += 1
        if done == max(1, steps // SETTLED):
            settled = resident_mib()
    end = resident_mib()
    return MemoryRow(side, variant.name, case.batch, done, round(settled, 1), round(end, 1))


def main(arguments: list[str] | None = None) -> int:
    """Measure and print a table, or JSON."""
    return carry_out(parser(), run, arguments)


def run(options: argparse.Namespace) -> None:
    """The command."""
    case = Case(options.arch, options.genotype, options.batch, options.threads)
    _check(case, options.sides)
    console = Console()
    if options.dry_run:
        sides = ", ".join(f"{side} px" for side in options.sides)
        console.print(f"{case.architecture} would be measured at {sides}, batch {case.batch}.")
        return
    stopped = stop_asked(options.max_minutes)
    if options.memory_steps:
        rows = [watch_memory(case, side, options.memory_steps, stopped) for side in options.sides]
        _print(console, rows, as_json=options.json)
        return
    group = join_group("gloo")
    try:
        speeds = [
            row
            for side in options.sides
            for row in measure(case, side, options.rounds, stopped, group)
        ]
    finally:
        group.close()
    if group.writes:
        _print(console, speeds, as_json=options.json)


def _check(case: Case, sides: list[int]) -> None:
    """Refuse at once what would fail after minutes."""
    if case.batch < MIN_BATCH:
        raise UsageError(reason=f"a batch has at least {MIN_BATCH} pictures")
    try:
        for side in sides:
            with torch.device("meta"):
                named_pocketnet(case.architecture, None, side)
    except ValueError as error:
        raise UsageError(reason=str(error)) from error


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = plain_parser("training.bench", __doc__)
    result.add_argument("--arch", default="pocketnet-s-128", help="a PocketNet")
    result.add_argument("--genotype", type=Path, help="JSON file of another cell")
    result.add_argument("--sides", type=int, nargs="+", default=[48, 64, 112], help="px")
    result.add_argument("--batch", type=int, default=32, help="pictures in a step")
    result.add_argument("--threads", type=int, default=2, help="of each process")
    result.add_argument("--rounds", type=int, default=10, help="steps of each variant")
    result.add_argument(
        "--memory-steps",
        type=int,
        default=0,
        metavar="STEPS",
        help="instead of speed: resident memory over so many fused steps",
    )
    result.add_argument("--json", action="store_true", help="for programs instead of people")
    return result


def _print(console: Console, rows: list[Row] | list[MemoryRow], *, as_json: bool) -> None:
    if as_json:
        facts = {"torch": str(torch.__version__), "rows": [asdict(row) for row in rows]}
        console.print_json(msgspec.json.encode(facts).decode())
        return
    first = rows[0]
    table = Table(*HEADINGS[type(first)], title=f"batch {first.batch}")
    for row in rows:
        values = asdict(row)
        table.add_row(*(str(values[name]) for name in HEADINGS[type(row)].values()))
    console.print(table)


HEADINGS: dict[type, dict[str, str]] = {
    Row: {
        "px": "side",
        "variant": "variant",
        "pictures/s": "images_per_s",
        "CPU ms each": "cpu_ms",
        "least": "least_cpu_ms",
        "times eager": "ratio",
        "by CPU time": "cpu_ratio",
    },
    MemoryRow: {
        "px": "side",
        "variant": "variant",
        "steps": "steps",
        "MiB after a tenth": "settled_mib",
        "MiB at the end": "end_mib",
    },
}
"""By kind of row: what a column is called, and what it shows."""


if __name__ == "__main__":
    sys.exit(main())
