"""The fused kernels' gradients of a supernet against autograd's."""

import copy
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from training.engine.backend import TorchEngine
from training.engine.state import State
from training.losses.distil import cosine_distance
from training.nets.pocketnet import Shape
from training.recipe.search import AlphaSection, GoalSection, SearchRecipe, SupernetSection
from training.recipe.sections import RunSection, Stage
from training.search.build import alphas_of, build
from training.search.fused import FusedPasses, refused
from training.search.halves import Half, HalvesBatch
from training.search.pictures import Pictures
from training.search.space import ALPHAS, Alphas
from training.search.step import TorchPasses
from training.search.supernet import Supernet, SupernetShape

pytestmark = pytest.mark.train

PLAN = SupernetShape(Shape(16, 4, 16), 4, "final")
SIDE, COUNT = 32, 6


@pytest.fixture(autouse=True)
def _engine(engine_refusal: str | None) -> Iterator[None]:
    if engine_refusal:
        pytest.skip(engine_refusal)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Held:
    """The part of a state that passes look at."""

    def __init__(self, net: Supernet, alphas: Alphas) -> None:
        self.net = net
        self.modules: dict[str, nn.Module] = {"net": net, ALPHAS: alphas}


def parts(plan: SupernetShape = PLAN) -> tuple[Supernet, Alphas, Tensor, Tensor]:
    torch.manual_seed(2)
    alphas = Alphas(plan.operations)
    with torch.no_grad():
        for table in alphas.parameters():
            table.normal_()  # far from equal shares, so that a wrong column shows
    images = torch.randn(COUNT, 3, SIDE, SIDE)
    return Supernet(plan, SIDE), alphas, images, torch.randn(COUNT, plan.shape.embedding)


def by_autograd(
    net: Supernet, alphas: Alphas, head: nn.Module, images: Tensor, answers: Tensor
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """In double precision."""
    net, alphas, head = (copy.deepcopy(each).double() for each in (net, alphas, head))
    loss = cosine_distance(head(net(images.double(), alphas())), answers.double())
    parameters = [*alphas.parameters(), *net.parameters(), *head.parameters()]
    return loss.detach(), torch.autograd.grad(loss, parameters)


def test_every_gradient_is_autograds_alphas_weights_and_classifier() -> None:
    net, alphas, images, answers = parts()
    head = nn.Linear(16, 16)
    state: State = Held(net, alphas)  # type: ignore[assignment]
    parameters = [*alphas.parameters(), *net.parameters(), *head.parameters()]

    loss, found = FusedPasses(net, "fp32", 2).gradient(
        state, images, lambda embeddings: cosine_distance(head(embeddings), answers), parameters
    )

    wanted_loss, wanted = by_autograd(net, alphas, head, images, answers)
    assert float(loss) == pytest.approx(float(wanted_loss), rel=1e-4)
    for name, one, other in zip(range(len(found)), found, wanted, strict=True):
        error = (one.double() - other).norm() / other.norm().clamp(min=1e-3)
        assert one.shape == other.shape
        assert float(error) < 5e-3, (name, tuple(one.shape))


def test_only_what_is_asked_for_comes_back_and_nothing_is_left_behind() -> None:
    net, alphas, images, answers = parts()
    state: State = Held(net, alphas)  # type: ignore[assignment]
    before = copy.deepcopy(net.state_dict())

    _, found = FusedPasses(net, "fp32", 1).gradient(
        state, images, lambda embeddings: cosine_distance(embeddings, answers), [alphas.reduce]
    )

    assert [each.shape for each in found] == [alphas.reduce.shape]
    assert all(parameter.grad is None for parameter in (*net.parameters(), *alphas.parameters()))
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_changed_weights_are_seen_by_the_next_pass() -> None:
    net, alphas, images, answers = parts()
    state: State = Held(net, alphas)  # type: ignore[assignment]
    passes = FusedPasses(net, "fp32", 1)

    def loss() -> float:
        distance = lambda embeddings: cosine_distance(embeddings, answers)  # noqa: E731
        return float(passes.gradient(state, images, distance, [alphas.normal])[0])

    first = loss()
    with torch.no_grad():
        net.cells[0].edges[0].operations[3].pointwise.weight.mul_(-3)

    assert loss() != first


def test_a_chosen_set_of_operations_is_enough() -> None:
    operations = ("dw_conv_3x3", "none", "skip_connect")
    net, alphas, images, answers = parts(SupernetShape(Shape(16, 4, 16), 4, "final", operations))
    state: State = Held(net, alphas)  # type: ignore[assignment]

    _, (found,) = FusedPasses(net, "fp32", 1).gradient(
        state, images, lambda embeddings: cosine_distance(embeddings, answers), [alphas.normal]
    )

    _, wanted = by_autograd(net, alphas, nn.Identity(), images, answers)
    assert torch.allclose(found.double(), wanted[0], rtol=5e-3, atol=1e-7)


@pytest.mark.parametrize("order", ["first", "second"])
def test_a_search_step_moves_the_alphas_as_with_torch(order: str) -> None:
    found = []
    for engine in ("fused", "torch"):
        recipe = SearchRecipe(
            run=RunSection(length=1, engine=engine, precision="fp32"),  # type: ignore[arg-type]
            supernet=SupernetSection(cells=4, embedding=16, stem_multiplier=4, tail="final"),
            alphas=AlphaSection(order=order),  # type: ignore[arg-type]
            goal=GoalSection(objective="labels"),
            stages=(Stage(side=SIDE),),
        )
        labels = np.zeros(8, dtype=np.int64)
        state, step, _ = build(recipe, Pictures(lambda i: i, labels, labels, 3, {}, {}))
        state.engine = TorchEngine(state.net, recipe.run, state.device, state.scale)
        state.rate = 1.0
        generator = torch.Generator().manual_seed(7)
        halves = [
            Half(
                torch.randn(COUNT, 3, SIDE, SIDE, generator=generator),
                torch.randint(0, 3, (COUNT,), generator=generator),
            )
            for _ in range(2)
        ]
        step(state, HalvesBatch(*halves))
        found.append(torch.cat([each.grad.flatten() for each in alphas_of(state).parameters()]))

    fused, by_torch = found
    assert isinstance(step.passes, TorchPasses)
    # An untrained net's kinks and the finite difference leave single precision two digits.
    assert torch.cosine_similarity(fused, by_torch, dim=0).item() > 0.99


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (SupernetShape(Shape(16, 4, 16)), "the tail of final networks"),
        (SupernetShape(Shape(4, 4, 16), 4, "final"), "no multiple of 16"),
        (SupernetShape(Shape(16, 4, 20), 4, "final"), "no multiple of 16"),
    ],
)
def test_what_the_kernels_cannot_take_is_said(plan: SupernetShape, reason: str) -> None:
    told = refused(Supernet(plan, SIDE))

    assert told is not None
    assert reason in told
    assert refused(Supernet(PLAN, SIDE)) is None
