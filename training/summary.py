"""Parameters, multiply-adds and shapes of a network: `python -m training.summary --arch NAME`."""

import argparse
import logging
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from core.errors import PocketfaceError
from training.nets.genotype import read_genotype
from training.nets.pocketnet import INPUT_SIDE_PX, PReLU
from training.nets.table import Backbone, build_net, known_names

POOL_COST = 9  # operations counted for one output of a 3×3 pool, in the paper's convention
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage of the network.

    Attributes:
        output: Channels, rows and columns.
        macs: Multiply-adds of its convolutions for one picture.
    """

    stage: str
    output: tuple[int, int, int]
    parameters: int
    macs: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A whole network.

    Attributes:
        paper_flops: In the convention of the PocketNet paper: two per multiply-add, two per
            BatchNorm input, one per PReLU input, nine per 3×3 pool output.
    """

    name: str
    parameters: int
    macs: int
    paper_flops: int
    stages: tuple[StageRow, ...]


def summarise(net: Backbone, name: str) -> Summary:
    """Counts for one picture of the network's input size, without computing anything.

    Args:
        net: Moved to torch's shape-only device, so not usable afterwards.
    """
    net = net.to("meta").eval()
    macs: dict[nn.Module, int] = {}
    outputs: dict[nn.Module, Tensor] = {}
    flops = [0]

    def count(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        outputs[module] = output
        match module:
            case nn.Conv2d():
                per_output = module.weight[0].numel()
                macs[module] = output.numel() * per_output
                flops[0] += 2 * macs[module]
            case nn.BatchNorm2d():
                flops[0] += 2 * inputs[0].numel()
            case PReLU():
                flops[0] += inputs[0].numel()
            case nn.MaxPool2d() | nn.AvgPool2d():
                flops[0] += POOL_COST * output.numel()

    hooks = [module.register_forward_hook(count) for module in net.modules()]
    side = net.input_side
    net(torch.zeros(1, 3, side, side, device="meta"))
    for hook in hooks:
        hook.remove()
    stages = [_row(stage, parts, outputs, macs) for stage, parts in net.stages()]
    return Summary(
        name=name,
        parameters=sum(parameter.numel() for parameter in net.parameters()),
        macs=sum(macs.values()),
        paper_flops=flops[0],
        stages=tuple(stages),
    )


def _row(
    name: str,
    parts: tuple[nn.Module, ...],
    outputs: dict[nn.Module, Tensor],
    macs: dict[nn.Module, int],
) -> StageRow:
    shape = (*outputs[parts[-1]].shape[1:], 1, 1)[:3]
    inside = {module for part in parts for module in part.modules()}
    return StageRow(
        stage=name,
        output=(shape[0], shape[1], shape[2]),
        parameters=sum(p.numel() for part in parts for p in part.parameters()),
        macs=sum(count for module, count in macs.items() if module in inside),
    )


def main(arguments: list[str] | None = None) -> int:
    """Print the summary as a table or as JSON."""
    options = parser().parse_args(arguments)
    try:
        genotype = read_genotype(options.genotype) if options.genotype else None
        net = build_net(options.arch, genotype, options.side)
    except PocketfaceError as error:
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        log.error("%s", error.sentence)  # noqa: TRY400 - the sentence is for the person
        return error.exit_code
    summary = summarise(net, options.arch)
    _print(summary, as_json=options.json)
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(prog="training.summary", description=__doc__)
    result.add_argument("--arch", default="pocketnet-s-128", help=f"one of {known_names()}")
    result.add_argument("--genotype", type=Path, help="JSON file of another cell")
    result.add_argument("--side", type=int, default=INPUT_SIDE_PX, help="input size, px")
    result.add_argument("--json", action="store_true", help="for programs instead of people")
    return result


def _print(summary: Summary, *, as_json: bool) -> None:
    console = Console()
    if as_json:
        console.print_json(msgspec.json.encode(summary).decode())
        return
    table = Table("stage", "output", "parameters", "multiply-adds")
    for row in summary.stages:
        shape = "×".join(map(str, row.output))
        table.add_row(row.stage, shape, f"{row.parameters:,}", f"{row.macs:,}")
    table.add_row("all", "", f"{summary.parameters:,}", f"{summary.macs:,}")
    console.print(table)
    console.print(f"{summary.paper_flops / 1e6:,.3f} MFLOPs in the paper's convention")


if __name__ == "__main__":
    sys.exit(main())
