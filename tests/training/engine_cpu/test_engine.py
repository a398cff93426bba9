"""The fused step against ordinary autograd: gradients, statistics, training, memory."""

import copy
import gc
import os
import random
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.engine_cpu import FusedEngine
from training.nets.genotype import CASIA, CIFAR, CellNodes, Edge, Genotype, Operation
from training.nets.pocketnet import ARCHITECTURES, PocketNet, PReLU, Shape, resize_input

pytestmark = pytest.mark.train

SMALL = Shape(width=16, cells=4, embedding=16)  # one normal cell, then three reductions
DEEPER = Shape(width=16, cells=6, embedding=16)
EXACT = 1e-3  # relative, float32 against float64; eager PyTorch in float32 reaches 1e-4 to 1e-3

Loss = Callable[[Tensor], Tensor]


@pytest.fixture(autouse=True)
def _engine(engine_refusal: str | None) -> Iterator[None]:
    if engine_refusal:
        pytest.skip(engine_refusal)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # these maps are small, and threads that spin slow a busy machine
    yield
    torch.set_num_threads(threads)


def one_operation(operation: Operation) -> Genotype:
    """Cells whose every edge is the same operation."""
    nodes = tuple((Edge(operation, node), Edge(operation, node + 1)) for node in range(4))
    return Genotype(normal=nodes, reduce=nodes)


def make_case(
    shape: Shape, genotype: Genotype, side: int, count: int = 6
) -> tuple[PocketNet, Tensor, Loss]:
    """A net with uncommon values in every parameter, images, and a loss."""
    torch.manual_seed(7)
    net = PocketNet(shape, genotype, side)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.3)
            nn.init.normal_(module.bias, 0.0, 0.3)
        if isinstance(module, PReLU):
            nn.init.normal_(module.slope, 0.25, 0.3)
    images = torch.randn(count, 3, side, side)
    wanted = torch.randn(count, shape.embedding)

    def loss(embedding: Tensor) -> Tensor:
        return (1 - functional.cosine_similarity(embedding, wanted.to(embedding.dtype))).mean()

    return net, images, loss


def by_autograd(net: PocketNet, images: Tensor, loss: Loss, dtype: torch.dtype) -> PocketNet:
    """A copy of the net with autograd's gradients and running statistics."""
    twin = copy.deepcopy(net).to(dtype)
    loss(twin(images.to(dtype))).backward()
    return twin


def gradient_error(net: PocketNet, exact: PocketNet) -> float:
    """The largest error of any parameter's gradient.

    Relative to the parameter's own gradient, or to a thousandth of the largest where that is
    smaller: a bias in front of a BatchNorm has none but rounding.
    """
    norms = [p.grad.norm() for p in exact.parameters() if p.grad is not None]
    floor = 1e-3 * float(max(norms))
    worst = 0.0
    for one, other in zip(net.parameters(), exact.parameters(), strict=True):
        if other.grad is None:
            continue
        if one.grad is None:  # behind an edge that is nothing, where autograd computes zeros
            assert not other.grad.any()
            continue
        error = float((one.grad.double() - other.grad).norm())
        worst = max(worst, error / max(float(other.grad.norm()), floor))
    return worst


@pytest.mark.parametrize(
    ("operation", "side"),
    [
        ("max_pool_3x3", 24),
        ("avg_pool_3x3", 24),
        ("skip_connect", 32),  # a factorized reduce in the last cell needs an even map there
        ("dw_conv_1x1", 24),
        ("dw_conv_3x3", 24),
        ("dw_conv_5x5", 24),
        ("dw_conv_7x7", 24),
    ],
)
def test_gradients_of_each_operation_are_autograds(operation: Operation, side: int) -> None:
    net, images, loss = make_case(SMALL, one_operation(operation), side)
    exact = by_autograd(net, images, loss, torch.float64)

    FusedEngine(net, "fp32").embed_and_backward(images, loss)

    assert gradient_error(net, exact) < EXACT


@pytest.mark.parametrize("genotype", [CASIA, CIFAR], ids=["casia", "cifar"])
@pytest.mark.parametrize("side", [16, 24, 48, 56])
def test_gradients_of_both_cells_are_autograds_at_any_size(genotype: Genotype, side: int) -> None:
    net, images, loss = make_case(DEEPER, genotype, side)
    exact = by_autograd(net, images, loss, torch.float64)

    FusedEngine(net, "fp32").embed_and_backward(images, loss)

    assert gradient_error(net, exact) < EXACT


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_every_member_of_the_family_has_autograds_gradients(name: str) -> None:
    shape, genotype = ARCHITECTURES[name]
    net, images, loss = make_case(shape, genotype, 32, count=4)
    exact = by_autograd(net, images, loss, torch.float64)

    FusedEngine(net, "fp32").embed_and_backward(images, loss)

    # The kinks of 18 untrained cells make up to 7e-2 of a rounding, in eager float32 as well; what
    # is computed wrongly is wrong by about 1.
    assert gradient_error(net, exact) < 0.1


def random_cell(draw: random.Random, operations: tuple[Operation, ...]) -> CellNodes:
    """Two edges of any operation from any two earlier states, four times."""
    return tuple(
        (
            Edge(draw.choice(operations), draw.randrange(node + 2)),
            Edge(draw.choice(operations), draw.randrange(node + 2)),
        )
        for node in range(4)
    )


@pytest.mark.parametrize("seed", range(6))
def test_any_cell_of_the_search_space_has_autograds_gradients(seed: int) -> None:
    draw = random.Random(seed)
    operations: tuple[Operation, ...] = (
        *("max_pool_3x3", "avg_pool_3x3", "skip_connect", "none"),
        *("dw_conv_1x1", "dw_conv_3x3", "dw_conv_5x5", "dw_conv_7x7"),
    )
    genotype = Genotype(random_cell(draw, operations), random_cell(draw, operations))
    net, images, loss = make_case(SMALL, genotype, 32)
    exact = by_autograd(net, images, loss, torch.float64)

    FusedEngine(net, "fp32", threads=2).embed_and_backward(images, loss)

    assert gradient_error(net, exact) < EXACT


def test_an_odd_map_before_a_factorized_reduce_is_refused_in_words() -> None:
    net, images, loss = make_case(SMALL, one_operation("skip_connect"), 24)

    with pytest.raises(ValueError, match="a factorized reduce meets a map of odd size 3x3"):
        FusedEngine(net, "fp32").embed_and_backward(images, loss)


def test_an_edge_that_is_nothing_gives_zeros() -> None:
    nodes = list(CASIA.normal)
    nodes[1] = (Edge("none", 2), Edge("dw_conv_3x3", 0))
    nodes[2] = (Edge("none", 3), Edge("none", 0))
    net, images, loss = make_case(SMALL, Genotype(tuple(nodes), CASIA.reduce), 32)
    exact = by_autograd(net, images, loss, torch.float64)

    FusedEngine(net, "fp32").embed_and_backward(images, loss)

    assert gradient_error(net, exact) < EXACT


def test_what_nothing_reads_receives_no_gradient() -> None:
    nodes = tuple((Edge("dw_conv_3x3", 0), Edge("skip_connect", 0)) for _ in range(4))
    net, images, loss = make_case(SMALL, Genotype(nodes, nodes), 32)

    FusedEngine(net, "fp32").embed_and_backward(images, loss)

    unread, read = tuple(net.cells[1].preprocess.children())[::-1]
    assert all(parameter.grad is None for parameter in unread.parameters())
    assert all(parameter.grad is not None for parameter in read.parameters())


def test_loss_and_running_statistics_are_those_of_training_mode() -> None:
    net, images, loss = make_case(DEEPER, CASIA, 48)
    exact = copy.deepcopy(net).double()
    expected = loss(exact(images.double()))

    value = FusedEngine(net, "fp32").embed_and_backward(images, loss)

    assert not value.requires_grad
    assert float(value) == pytest.approx(float(expected.detach()), abs=1e-5)
    for (name, one), other in zip(net.named_buffers(), exact.buffers(), strict=True):
        torch.testing.assert_close(one, other.to(one.dtype), atol=1e-4, rtol=1e-4, msg=name)


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_do_not_change_a_single_bit(threads: int) -> None:
    net, images, loss = make_case(DEEPER, CASIA, 32, count=14)
    twin = copy.deepcopy(net)
    FusedEngine(net, "fp32", threads=1).embed_and_backward(images, loss)

    FusedEngine(twin, "fp32", threads=threads).embed_and_backward(images, loss)

    for one, other in zip(net.parameters(), twin.parameters(), strict=True):
        assert one.grad is not None
        assert other.grad is not None
        assert torch.equal(one.grad, other.grad)


def test_fewer_images_than_threads_work() -> None:
    net, images, loss = make_case(SMALL, CASIA, 48, count=3)
    exact = by_autograd(net, images, loss, torch.float64)

    FusedEngine(net, "fp32", threads=4).embed_and_backward(images, loss)

    assert gradient_error(net, exact) < EXACT


def test_gradients_add_to_those_that_are_there() -> None:
    net, images, loss = make_case(SMALL, CASIA, 32)
    engine = FusedEngine(net, "fp32")
    engine.embed_and_backward(images, loss)
    once = [None if p.grad is None else p.grad.clone() for p in net.parameters()]

    engine.embed_and_backward(images, loss)

    for parameter, gradient in zip(net.parameters(), once, strict=True):
        assert parameter.grad is not None
        assert gradient is not None
        torch.testing.assert_close(parameter.grad, 2 * gradient)


def test_a_frozen_parameter_receives_no_gradient() -> None:
    net, images, loss = make_case(SMALL, CASIA, 16)
    net.stem.weight.requires_grad_(requires_grad=False)

    FusedEngine(net, "fp32").embed_and_backward(images, loss)

    assert net.stem.weight.grad is None
    assert net.stem_norm.weight.grad is not None


def test_a_net_in_channels_last_is_trained_alike() -> None:
    net, images, loss = make_case(SMALL, CASIA, 32)
    exact = by_autograd(net, images, loss, torch.float64)
    net.to(memory_format=torch.channels_last)

    FusedEngine(net, "fp32").embed_and_backward(images.to(memory_format=torch.channels_last), loss)

    assert gradient_error(net, exact) < EXACT


def test_another_input_size_is_taken_from_the_next_step_on() -> None:
    net, images, loss = make_case(SMALL, CASIA, 32)
    engine = FusedEngine(net, "fp32")
    engine.embed_and_backward(images, loss)
    resize_input(net, 48)
    net.zero_grad()
    larger = torch.randn(len(images), 3, 48, 48)
    exact = by_autograd(net, larger, loss, torch.float64)

    engine.embed_and_backward(larger, loss)

    assert gradient_error(net, exact) < EXACT


def test_bfloat16_storage_gives_nearly_the_same_gradients() -> None:
    net, images, loss = make_case(SMALL, CASIA, 48, count=16)
    exact = by_autograd(net, images, loss, torch.float64)

    FusedEngine(net, "bf16").embed_and_backward(images, loss)

    flat = [torch.cat([p.grad.flatten().double() for p in n.parameters()]) for n in (net, exact)]
    assert float(functional.cosine_similarity(flat[0], flat[1], dim=0)) > 0.99


def test_fifty_training_steps_are_those_of_eager_pytorch() -> None:
    net, images, loss = make_case(SMALL, CASIA, 24, count=8)
    losses: dict[str, list[float]] = {}
    for name in ("fused", "eager"):
        twin = copy.deepcopy(net)
        engine = FusedEngine(twin, "fp32")
        optimiser = torch.optim.SGD(twin.parameters(), lr=0.01, momentum=0.9)
        losses[name] = []
        for _ in range(50):
            optimiser.zero_grad()
            if name == "fused":
                value = engine.embed_and_backward(images, loss)
            else:
                value = loss(twin(images))
                value.backward()
            optimiser.step()
            losses[name].append(float(value.detach()))

    assert losses["eager"][-1] < 0.5 * losses["eager"][0]
    assert losses["fused"] == pytest.approx(losses["eager"], abs=2e-3)


def test_memory_does_not_grow_from_step_to_step() -> None:
    statistics = Path("/proc/self/statm")
    if not statistics.exists():
        pytest.skip("resident memory is read from /proc")
    net, images, loss = make_case(SMALL, CASIA, 24, count=8)
    engine = FusedEngine(net, "fp32", threads=2)

    def resident_pages(steps: int) -> int:
        for _ in range(steps):
            net.zero_grad()
            engine.embed_and_backward(images, loss)
        gc.collect()
        return int(statistics.read_text().split()[1])

    settled = resident_pages(30)

    assert resident_pages(150) - settled < 256  # one MiB; losing the gradients alone would take 100


def test_images_of_another_size_are_refused_in_words() -> None:
    net, _, loss = make_case(SMALL, CASIA, 32)
    engine = FusedEngine(net, "fp32")

    with pytest.raises(ValueError, match="images are"):
        engine.embed_and_backward(torch.zeros(4, 3, 48, 48), loss)
    with pytest.raises(ValueError, match="at least 2"):
        engine.embed_and_backward(torch.zeros(1, 3, 32, 32), loss)
    with pytest.raises(ValueError, match="float32"):
        engine.embed_and_backward(torch.zeros(4, 3, 32, 32).double(), loss)


def test_a_loss_that_ignores_the_embedding_is_refused() -> None:
    net, images, _ = make_case(SMALL, CASIA, 16)
    free = torch.zeros((), requires_grad=True)

    with pytest.raises(ValueError, match="does not depend"):
        FusedEngine(net, "fp32").embed_and_backward(images, lambda _embedding: free * 2)


def test_a_loss_on_inner_maps_teaches_as_autograd_does() -> None:
    names = ("cells.2", "stem_norm", "cells.5")
    net, images, loss = make_case(DEEPER, CASIA, 32)

    def with_maps(embedding: Tensor, *maps: Tensor) -> Tensor:
        return loss(embedding) + sum(
            (place + 1) * (one**2).mean() for place, one in enumerate(maps)
        )

    exact = copy.deepcopy(net).double()
    seen: list[Tensor] = []
    for name in names:
        exact.get_submodule(name).register_forward_hook(lambda _m, _i, out: seen.append(out))
    embedding = exact(images.double())
    stem, two, five = seen
    expected = with_maps(embedding, two, stem, five)
    expected.backward()

    value = FusedEngine(net, "fp32", threads=2).embed_and_backward(images, with_maps, names)

    assert float(value) == pytest.approx(float(expected.detach()), abs=1e-4)
    assert gradient_error(net, exact) < EXACT


def test_a_loss_may_depend_on_maps_alone() -> None:
    net, images, _ = make_case(SMALL, CASIA, 32)
    exact = copy.deepcopy(net).double()
    seen: list[Tensor] = []
    exact.cells[3].register_forward_hook(lambda _m, _i, out: seen.append(out))
    exact(images.double())
    (seen[0] ** 2).mean().backward()

    FusedEngine(net, "fp32").embed_and_backward(
        images, lambda _embedding, last: (last**2).mean(), ("cells.3",)
    )

    assert gradient_error(net, exact) < EXACT


def test_a_map_that_there_is_not_is_named_with_those_that_there_are() -> None:
    net, images, loss = make_case(SMALL, CASIA, 32)
    engine = FusedEngine(net, "fp32")

    with pytest.raises(ValueError, match=r"no map 'cells.9'; there are stem_norm, cells.0"):
        engine.embed_and_backward(images, loss, ("cells.9",))
    with pytest.raises(ValueError, match="twice"):
        engine.embed_and_backward(images, loss, ("cells.1", "cells.1"))


PROCESS = """
import sys

import torch
from torch import distributed

from training.distributed import join_group
from training.engine_cpu import FusedEngine
from training.nets.genotype import CASIA
from training.nets.pocketnet import PocketNet, Shape

torch.set_num_threads(1)
group = join_group("gloo")
torch.manual_seed(5)
net = PocketNet(Shape(16, 4, 16), CASIA, 16)
images = torch.randn(8, 3, 16, 16)
engine = FusedEngine(net, "fp32", threads=1)
for part in images.chunk(2)[group.rank :: group.size]:
    engine.embed_and_backward(part, lambda out: (out**2 - out).mean() * group.size / 2)
gradients = [parameter.grad for parameter in net.parameters()]
group.mean_(gradients)
if group.writes:
    torch.save(gradients, sys.argv[1])
group.close()
"""


def test_two_processes_with_a_mean_of_gradients_are_one_with_two_passes(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROCESS)

    results = []
    for size in (1, 2):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = str(listener.getsockname()[1])
        out = tmp_path / f"{size}.pt"
        shared = os.environ | {
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": port,
            "WORLD_SIZE": str(size),
            "POCKETFACE_HOME": str(Path(tempfile.gettempdir()) / "pocketface-tests-engine"),
            "PYTHONPATH": str(Path(__file__).parents[3]),
        }
        workers = [
            subprocess.Popen([sys.executable, program, out], env=shared | {"RANK": str(rank)})
            for rank in range(size)
        ]
        assert [worker.wait(timeout=600) for worker in workers] == [0] * size
        results.append(torch.load(out, weights_only=True))

    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)
