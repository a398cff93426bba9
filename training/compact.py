"""One small file to go on from: `python -m training.compact RUN FILE`.

Half-precision weights and statistics of a run's newest state, with what they are in the file's own
header; about 1.9 MB for PocketNetS-128. `training.distill --weights FILE` starts from it with a
fresh optimiser; a whole checkpoint (`--resume`, `--branch`) remembers more.
"""

import argparse
import logging
import sys
from pathlib import Path

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from core.errors import PocketfaceError
from training.errors import CheckpointError
from training.nets.pocketnet import PocketNet, resize_input
from training.saved_net import saved_net

HEADER = "pocketface"
log = logging.getLogger(__name__)


class CompactHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a compact file holds."""

    architecture: str
    side: int
    presentations: int
    by_side: dict[str, int]


def write_compact(run: Path, file: Path) -> CompactHeader:
    """Write the newest state of a run in half precision.

    Raises:
        CheckpointError: No state, or a number too large for half precision.
    """
    net, progress = saved_net(run)
    tensors = {
        name: value.to(torch.float16).contiguous()
        for name, value in net.state_dict().items()
        if value.is_floating_point()
    }
    for name, value in tensors.items():
        if not bool(torch.isfinite(value).all()):
            raise CheckpointError(path=run, reason=f"{name} does not fit half precision")
    header = CompactHeader(
        architecture=progress.net.architecture,
        side=progress.side,
        presentations=progress.presentations,
        by_side=progress.by_side,
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, file, metadata={HEADER: msgspec.json.encode(header).decode()})
    return header


def load_compact(net: PocketNet, file: Path) -> CompactHeader:
    """Take over the weights, statistics and input size of a compact file, in place.

    Raises:
        CheckpointError: No such file, or of another network.
    """
    try:
        with safe_open(file, framework="pt") as stream:
            metadata = stream.metadata() or {}
            header = msgspec.json.decode(metadata.get(HEADER, ""), type=CompactHeader)
            tensors = {name: stream.get_tensor(name).float() for name in stream.keys()}  # noqa: SIM118 - safetensors has no iterator
        resize_input(net, header.side)
        missing, unknown = net.load_state_dict(tensors, strict=False)
    except (OSError, SafetensorError, msgspec.MsgspecError, RuntimeError, ValueError) as error:
        raise CheckpointError(path=file, reason=str(error)) from error
    counters = [name for name in missing if not name.endswith("num_batches_tracked")]
    if counters or unknown:
        raise CheckpointError(path=file, reason="it is of another network")
    return header


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command."""
    parser = argparse.ArgumentParser(prog="training.compact", description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("file", type=Path, help="for example pocketnet-s-128.safetensors")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        header = write_compact(options.run, options.file)
    except PocketfaceError as error:
        log.error("%s", error.sentence)  # noqa: TRY400 - the sentence is for the person
        return error.exit_code
    log.info("%d presentations, %d bytes", header.presentations, options.file.stat().st_size)
    return 0


if __name__ == "__main__":
    sys.exit(main())
