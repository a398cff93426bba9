"""One step: which pictures move the alphas, which the weights, in first and second order."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from training.distributed import Group
from training.engine.backend import TorchEngine
from training.engine.state import State
from training.recipe.reader import read_recipe
from training.recipe.search import SearchRecipe
from training.search.build import build
from training.search.halves import Half, HalvesBatch
from training.search.pictures import Pictures
from training.search.step import ALPHAS, SearchStep, driven_weights, mean_entropy

pytestmark = pytest.mark.train

RECIPE = """
[run]
length = 4
batch = 4
unit = "steps"

[supernet]
width = 2
cells = 4
embedding = 6
operations = ["max_pool_3x3", "skip_connect", "dw_conv_3x3", "none"]

[alphas]
order = "{order}"
rate = 0.01

[goal]
objective = "{objective}"

[[stages]]
side = 16
"""


@pytest.fixture
def recipe(tmp_path, request: pytest.FixtureRequest) -> SearchRecipe:
    order, objective = getattr(request, "param", ("first", "labels"))
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE.format(order=order, objective=objective))
    return read_recipe(path, SearchRecipe)


def pictures(objective: str) -> Pictures:
    classes = 0 if objective == "embeddings" else 3
    targets = np.zeros(8, dtype=np.int64) if classes else np.zeros((8, 6), dtype=np.float32)
    return Pictures(lambda indices: indices, np.arange(8), targets, classes, {}, {})


def begin(recipe: SearchRecipe) -> tuple[State, SearchStep]:
    """A state as the loop hands it to a step: rate set, engine there, modules in training mode."""
    state, step, _ = build(recipe, pictures(recipe.goal.objective))
    state.engine = TorchEngine(state.net, recipe.run, state.device, state.scale)
    state.rate = 1.0
    for module in state.modules.values():
        module.train()
        module.zero_grad()
    return state, step


def half(recipe: SearchRecipe, seed: int) -> Half:
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(4, 3, 16, 16, generator=generator)
    if recipe.goal.objective == "embeddings":
        answers = torch.nn.functional.normalize(torch.randn(4, 6, generator=generator))
        return Half(images, answers)
    return Half(images, torch.randint(0, 3, (4,), generator=generator))


def alpha_gradients(state: State) -> list[Tensor]:
    return [parameter.grad.clone() for parameter in state.modules[ALPHAS].parameters()]


def after(recipe: SearchRecipe, train: int, valid: int) -> tuple[State, dict[str, float]]:
    state, step = begin(recipe)
    figures = step(state, HalvesBatch(half(recipe, train), half(recipe, valid)))
    return state, {name: float(value) for name, value in figures.items()}


@pytest.mark.parametrize("recipe", [("first", "labels"), ("first", "embeddings")], indirect=True)
def test_in_first_order_the_training_half_never_reaches_the_alphas(recipe: SearchRecipe) -> None:
    one, _ = after(recipe, train=1, valid=2)
    other, _ = after(recipe, train=3, valid=2)
    third, _ = after(recipe, train=1, valid=4)

    for a, b, c in zip(*map(alpha_gradients, (one, other, third)), strict=True):
        assert torch.equal(a, b)
        assert not torch.allclose(a, c)


def test_the_alphas_gradient_is_that_of_the_validation_loss_at_the_old_weights(
    recipe: SearchRecipe,
) -> None:
    stepped, _ = after(recipe, train=1, valid=2)

    fresh, step = begin(recipe)
    valid = half(recipe, 2)
    embeddings = fresh.net(valid.images, fresh.modules[ALPHAS]())
    loss, _ = step.objective.loss(fresh, embeddings, valid.targets)
    wanted = torch.autograd.grad(loss, list(fresh.modules[ALPHAS].parameters()))

    for found, gradient in zip(alpha_gradients(stepped), wanted, strict=True):
        assert torch.allclose(found, gradient, atol=1e-7)


@pytest.mark.parametrize("recipe", [("second", "labels")], indirect=True)
def test_in_second_order_it_reaches_them_through_the_weights(recipe: SearchRecipe) -> None:
    one, _ = after(recipe, train=1, valid=2)
    other, _ = after(recipe, train=3, valid=2)

    for a, b in zip(alpha_gradients(one), alpha_gradients(other), strict=True):
        assert not torch.allclose(a, b, rtol=1e-3)


@pytest.mark.parametrize("recipe", [("first", "labels"), ("second", "labels")], indirect=True)
def test_the_weights_gradient_is_of_the_training_half_under_the_new_alphas(
    recipe: SearchRecipe,
) -> None:
    state, step = begin(recipe)
    before = [weight.detach().clone() for weight in driven_weights(state)]
    batch = HalvesBatch(half(recipe, 1), half(recipe, 2))

    step(state, batch)

    weights = driven_weights(state)
    assert all(torch.equal(old, new) for old, new in zip(before, weights, strict=True))
    embeddings = state.net(batch.train.images, state.modules[ALPHAS]())
    loss, _ = step.objective.loss(state, embeddings, batch.train.targets)
    for weight, wanted in zip(weights, torch.autograd.grad(loss, weights), strict=True):
        assert weight.grad is not None
        assert torch.allclose(weight.grad, wanted, atol=1e-6)


@pytest.mark.parametrize("recipe", [("second", "labels")], indirect=True)
def test_a_trial_step_leaves_the_weights_optimiser_as_it_was(recipe: SearchRecipe) -> None:
    state, step = begin(recipe)
    for value in state.optimiser.tensors().values():
        value.normal_()
    before = {name: value.clone() for name, value in state.optimiser.tensors().items()}

    step(state, HalvesBatch(half(recipe, 1), half(recipe, 2)))

    for name, value in state.optimiser.tensors().items():
        assert torch.equal(value, before[name])


def test_alphas_move_by_their_own_optimiser_at_its_own_rate(recipe: SearchRecipe) -> None:
    state, step = begin(recipe)
    before = [parameter.detach().clone() for parameter in state.modules[ALPHAS].parameters()]

    step(state, HalvesBatch(half(recipe, 1), half(recipe, 2)))

    moved = torch.cat(
        [
            (new.detach() - old).abs().flatten()
            for old, new in zip(before, state.modules[ALPHAS].parameters(), strict=True)
        ]
    )
    # Adam's first step is the rate wherever the gradient is larger than its floor.
    assert moved.median().item() == pytest.approx(recipe.alphas.rate, rel=0.02)


@pytest.mark.parametrize(
    ("recipe", "names"),
    [
        (("first", "labels"), {"top1", "valid_top1"}),
        (("first", "embeddings"), {"cosine", "valid_cosine"}),
    ],
    indirect=["recipe"],
)
def test_figures_tell_loss_score_and_entropy_of_both(recipe: SearchRecipe, names: set[str]) -> None:
    _, figures = after(recipe, train=1, valid=2)

    assert set(figures) == names | {"loss", "valid_loss", "entropy_normal", "entropy_reduce"}
    assert figures["entropy_normal"] == pytest.approx(np.log(4), abs=1e-3)
    if "cosine" in figures:
        assert figures["cosine"] == pytest.approx(1 - figures["loss"], abs=1e-6)


class Tripling(Group):
    """A group whose mean is three times what it was given, so that it shows what was averaged."""

    def mean_(self, tensors: Sequence[Tensor]) -> None:
        for tensor in tensors:
            tensor.mul_(3)


def test_the_alphas_gradient_is_the_mean_over_all_processes(recipe: SearchRecipe) -> None:
    alone, step = begin(recipe)
    step(alone, HalvesBatch(half(recipe, 1), half(recipe, 2)))
    together, step = begin(recipe)
    together.group = Tripling()
    step(together, HalvesBatch(half(recipe, 1), half(recipe, 2)))

    for one, other in zip(alpha_gradients(alone), alpha_gradients(together), strict=True):
        assert torch.equal(3 * one, other)


def test_entropy_of_a_decided_mixture_is_zero() -> None:
    assert mean_entropy(torch.eye(4)).item() == 0.0
