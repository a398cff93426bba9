"""The exported graph against its plain form and the core's own limit, in one run, in turns.

`python -m training.export.benchmark` measures an architecture with fresh weights; times do not
depend on their values.
"""

import argparse
import sys

import msgspec
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from rich.console import Console
from rich.table import Table

from core.vision.onnx_model import Session, open_session
from training.command import carry_out, plain_parser
from training.evaluation.speed import ROUNDS, Speed, time_sessions
from training.nets.onnx_graph import IR_VERSION, OPSET
from training.nets.plain_onnx import plain_onnx
from training.nets.table import Backbone, build_net, known_names
from training.nets.to_onnx import to_onnx

PRODUCT_SIDE = 512  # of the matrix product that shows the core's limit; 3 MB, so it stays in cache


class Benchmark(msgspec.Struct, frozen=True):
    """One network at one input size on one thread of this machine.

    Attributes:
        macs: Multiply-adds for one picture.
        plain: The graph as it is written, BatchNorm folded by onnxruntime itself.
        rewritten: The graph that is shipped.
        limit_ms: What `macs` take at the speed of a large single-precision matrix product.
    """

    side: int
    macs: int
    plain: Speed
    rewritten: Speed
    limit_ms: float

    @property
    def of_plain(self) -> float:
        """The rewritten graph's time as a share of the plain one's."""
        return self.rewritten.median_ms / self.plain.median_ms

    @property
    def of_limit(self) -> float:
        """The rewritten graph's time as a multiple of the core's limit."""
        return self.rewritten.median_ms / self.limit_ms

    def in_words(self) -> str:
        """One sentence with every figure."""
        return (
            f"{self.rewritten.median_ms:.1f} ms a picture at {self.side} px on one thread of the "
            f"machine it was made on, {self.of_plain:.2f} of the plain export's "
            f"{self.plain.median_ms:.1f} ms and {self.of_limit:.1f} times the {self.limit_ms:.1f} "
            f"ms that {self.macs / 1e6:.1f} million multiply-adds take there in one large matrix "
            "product; medians of processor time, all three in turns"
        )


def benchmark(net: Backbone, rounds: int = ROUNDS) -> Benchmark:
    """Time a network in both forms.

    Args:
        net: Not modified.
    """
    shape = (1, 3, net.input_side, net.input_side)
    forms = {"plain": plain_onnx(net), "rewritten": to_onnx(net)}
    sessions: dict[str, tuple[Session, tuple[int, ...]]] = {
        name: (open_session(model.SerializeToString(), name), shape)
        for name, model in forms.items()
    }
    product = open_session(_product().SerializeToString(), "product")
    sessions["product"] = (product, (PRODUCT_SIDE, PRODUCT_SIDE))
    found = time_sessions(sessions, rounds)
    macs = _macs(net)
    limit_ms = found["product"].median_ms * macs / PRODUCT_SIDE**3
    return Benchmark(net.input_side, macs, found["plain"], found["rewritten"], limit_ms)


def _macs(net: Backbone) -> int:
    """Counted on the plain graph's convolutions, so that the network stays as it is."""
    inferred = onnx.shape_inference.infer_shapes(plain_onnx(net))
    sizes = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in inferred.graph.value_info
    }
    weights = {tensor.name: tensor.dims for tensor in inferred.graph.initializer}
    total = 0
    for node in inferred.graph.node:
        if node.op_type == "Conv":
            _, channels, height, width = sizes[node.output[0]]
            total += channels * height * width * int(np.prod(weights[node.input[1]][1:]))
    return total


def _product() -> onnx.ModelProto:
    size = [PRODUCT_SIDE, PRODUCT_SIDE]
    matrix = np.random.default_rng(0).standard_normal(size).astype(np.float32)
    given, answer = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, size) for name in ("given", "answer")
    )
    node = helper.make_node("MatMul", ["given", "matrix"], ["answer"])
    weights = [numpy_helper.from_array(matrix, "matrix")]
    graph = helper.make_graph([node], "product", [given], [answer], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    return model


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command."""
    parser = plain_parser("training.export.benchmark", __doc__)
    parser.add_argument("--arch", default="pocketnet-s-128", help=f"one of {known_names()}")
    parser.add_argument("--sides", type=int, nargs="+", default=[64, 112], help="input sizes, px")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="runs that are timed")
    return carry_out(parser, run, arguments)


def run(options: argparse.Namespace) -> None:
    """Measure and print."""
    table = Table("px", "plain ms", "rewritten ms", "share", "core's limit ms", "times limit")
    torch.manual_seed(0)
    nets = [build_net(options.arch, side=side).eval() for side in options.sides]
    if options.dry_run:
        return
    for net in nets:
        found = benchmark(net, options.rounds)
        table.add_row(
            str(found.side),
            f"{found.plain.median_ms:.2f}",
            f"{found.rewritten.median_ms:.2f}",
            f"{found.of_plain:.3f}",
            f"{found.limit_ms:.2f}",
            f"{found.of_limit:.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
