"""Checkpoints of small networks that nobody trained, for what only reads them."""

from pathlib import Path

import msgspec
import torch
from torch import nn

from training.checkpoint import Progress, save_checkpoint
from training.nets.table import Backbone, build_net
from training.order import Position
from training.recipe.sections import NetSection
from training.run_folder import ENVIRONMENT

SMALL = "pocketnet-8x6-16"


def settled_net(architecture: str = SMALL, side: int = 16, seed: int = 0) -> Backbone:
    """A network whose statistics fit its weights, in evaluation mode."""
    torch.manual_seed(seed)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a network only waits for a second one
    net = build_net(architecture, side=side)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1.0
        net.train()
        net(torch.randn(8, 3, side, side))
    torch.set_num_threads(threads)
    return net.eval()


def write_run(
    run: Path,
    architecture: str = SMALL,
    *,
    side: int = 16,
    kind: str = "distil",
    teachers: list[dict[str, object]] | None = None,
    held_out_share: float = 0.5,
    keep: str = "",
    seed: int = 0,
) -> Backbone:
    """A run folder with one checkpoint; the network in it."""
    net = settled_net(architecture, side, seed)
    recipe: dict[str, object] = {
        "run": {"batch": 32, "seed": 1, "unit": "presentations"},
        "data": {"held_out_share": held_out_share},
        "optim": {"kind": "muon", "rate": 0.002, "matrix_rate": 0.04},
        "teachers": teachers or [],
    }
    progress = Progress(
        kind=kind, step=1, presentations=1500, by_side={"64": 500, "48": 1000}, side=side,
        position=Position(), net=NetSection(architecture=architecture), recipe=recipe,
    )  # fmt: skip
    tensors = {f"net.{name}": value for name, value in net.state_dict().items()}
    save_checkpoint(run, progress, tensors, keep)
    facts = {"teacher": "/somewhere/large.onnx", "teacher_sha256": "ab" * 32}
    (run / ENVIRONMENT).write_bytes(msgspec.json.encode(facts))
    return net
