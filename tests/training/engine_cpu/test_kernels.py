"""A plan that no PocketNet has: states with many edges, factors, half a precision; any threads."""

import copy
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from training.engine_cpu.kernels import Kernels
from training.engine_cpu.native import EngineUnavailableError
from training.engine_cpu.plan import Kind, Plan, Span, add_edge, add_operation
from training.nets.pocketnet import Pool, PReLU, Separable

pytestmark = pytest.mark.train

WIDTH, SIDE, COUNT = 16, 16, 9
MAP_SIDE = SIDE // 2


@pytest.fixture(autouse=True)
def _engine(engine_refusal: str | None) -> Iterator[None]:
    if engine_refusal:
        pytest.skip(engine_refusal)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Mixed(nn.Module):
    """Two nodes that sum several operations of both earlier maps, as a supernet's do."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, WIDTH, 3, 2, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(WIDTH)
        self.first = nn.ModuleList([Separable(WIDTH, WIDTH, 3, 1), Pool(WIDTH, "max", 1)])
        self.second = nn.ModuleList(
            [Separable(WIDTH, WIDTH, 5, 1), Separable(WIDTH, WIDTH, 1, 1), Pool(WIDTH, "avg", 1)]
        )
        self.factors = nn.Parameter(torch.rand(3, WIDTH))
        self.activation = PReLU(WIDTH)
        self.spatial = nn.Conv2d(WIDTH, WIDTH, MAP_SIDE, groups=WIDTH, bias=False)
        self.spatial_norm = nn.BatchNorm2d(WIDTH)
        self.project = nn.Conv2d(WIDTH, WIDTH, 1, bias=False)
        self.norm = nn.BatchNorm2d(WIDTH)

    def forward(self, images: Tensor) -> Tensor:
        stem = self.stem_norm(self.stem(images))
        factors = self.factors[:, :, None, None]
        first = sum(one(stem) for one in self.first) + stem * factors[0] + stem * factors[1]
        second = sum(one(first) for one in self.second) + first * factors[2]
        summary = self.spatial_norm(self.spatial(self.activation(second)))
        embedding: Tensor = self.norm(self.project(summary)).flatten(1)
        return embedding


def plan_mixed(net: Mixed) -> tuple[Plan, list[int]]:
    """The plan, and the numbers of the three factors (which are rows of one parameter)."""
    plan = Plan()
    stem, first, second, summary, embedding = (plan.new_state() for _ in range(5))
    add_edge(plan, Kind.STEM, Span(-1, 0, 3), stem, pointwise=net.stem, norm=net.stem_norm)
    numbers = []
    for source, target, operations, factors in (
        (stem, first, net.first, 2),
        (first, second, net.second, 1),
    ):
        span = Span(source, 1, WIDTH)
        for operation in operations:
            add_operation(plan, operation, span, target)
        for _ in range(factors):
            edge = add_edge(plan, Kind.SCALED, span, target)
            edge.gamma = plan.number(net, "factors")
            numbers.append(edge.gamma)
    add_edge(plan, Kind.NOTHING, Span(stem, 1, WIDTH), second)
    last = add_edge(
        plan,
        Kind.GLOBAL,
        Span(second, 1, WIDTH),
        summary,
        activation=net.activation,
        depthwise=net.spatial,
        norm=net.spatial_norm,
    )
    out = add_edge(
        plan,
        Kind.SEPARABLE,
        Span(summary, 1, WIDTH),
        embedding,
        pointwise=net.project,
        norm=net.norm,
    )
    last.full_precision = out.full_precision = 1
    return plan, numbers


def gradients_of(net: Mixed, images: Tensor, wanted: Tensor, threads: int) -> dict[int, Tensor]:
    """By the kernels, of the sum of embedding times `wanted`."""
    plan, numbers = plan_mixed(net)
    tensors = [getattr(module, name).detach() for module, name in plan.tensors]
    for row, number in enumerate(numbers):
        tensors[number] = net.factors[row].detach()
    kernels = Kernels(plan, "fp32", threads)
    kernels.forward(images, tensors)
    return kernels.backward(wanted)


def test_states_of_many_edges_and_factors_have_autograds_gradients() -> None:
    torch.manual_seed(3)
    net = Mixed()
    images, wanted = torch.randn(COUNT, 3, SIDE, SIDE), torch.randn(COUNT, WIDTH)
    exact = copy.deepcopy(net).double()
    (exact(images.double()) * wanted.double()).sum().backward()
    plan, numbers = plan_mixed(exact)

    gradients = gradients_of(net, images, wanted, threads=2)

    checked = 0
    for number, gradient in gradients.items():
        module, name = plan.tensors[number]
        expected = getattr(module, name).grad
        if number in numbers:
            expected = expected[numbers.index(number)]
        error = (gradient.double() - expected.flatten()).norm() / expected.norm().clamp(min=1e-2)
        assert float(error) < 1e-3, (number, name)
        checked += 1
    assert checked == len(list(net.parameters())) + 2


def test_gradients_are_bit_for_bit_the_same_for_any_number_of_threads() -> None:
    torch.manual_seed(4)
    net = Mixed()
    images, wanted = torch.randn(21, 3, SIDE, SIDE), torch.randn(21, WIDTH)
    one = gradients_of(copy.deepcopy(net), images, wanted, threads=1)

    for threads in (2, 3, 8):
        other = gradients_of(copy.deepcopy(net), images, wanted, threads=threads)
        assert all(torch.equal(one[number], other[number]) for number in one)


def test_a_state_that_no_edge_ends_in_is_refused() -> None:
    plan, _ = plan_mixed(Mixed())
    plan.states += 1

    with pytest.raises(EngineUnavailableError, match="edges that end in it"):
        Kernels(plan, "fp32", 1)
