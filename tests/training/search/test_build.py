"""The parts of a search from its recipe: same seed, same parts; what cannot be is said."""

import numpy as np
import pytest
import torch

from core.errors import UsageError
from training.recipe.search import AlphaSection, SearchRecipe, SupernetSection
from training.recipe.sections import RunSection, Stage
from training.search.build import alphas_of, build, choose_passes
from training.search.fused import FusedPasses
from training.search.pictures import Pictures
from training.search.step import CLASSES, TorchPasses
from training.search.supernet import Supernet


def recipe(*, engine: str = "torch", **supernet: object) -> SearchRecipe:
    small: dict[str, object] = {"width": 2, "cells": 4, "embedding": 6}
    return SearchRecipe(
        run=RunSection(length=2, engine=engine),  # type: ignore[arg-type]
        supernet=SupernetSection(**(small | supernet)),  # type: ignore[arg-type]
        alphas=AlphaSection(rate=0.5, order="first"),
        stages=(Stage(side=16),),
    )


def pictures(*, classes: int = 0, size: int = 6) -> Pictures:
    targets = np.zeros((4, size), dtype=np.float32)
    return Pictures(lambda indices: indices, np.arange(4), targets, classes, {}, {})


def test_one_seed_makes_the_same_supernet_and_alphas() -> None:
    one, other = (build(recipe(), pictures())[0] for _ in range(2))

    for name, module in one.modules.items():
        for a, b in zip(module.parameters(), other.modules[name].parameters(), strict=True):
            assert torch.equal(a, b)


def test_the_loop_drives_the_weights_and_the_step_the_alphas() -> None:
    state, step, _ = build(recipe(), pictures(classes=3))
    for module in state.modules.values():
        for parameter in module.parameters():
            parameter.grad = torch.ones_like(parameter)
    alphas = [parameter.detach().clone() for parameter in alphas_of(state).parameters()]
    head = state.modules[CLASSES].weight.detach().clone()

    state.optimiser.step(1.0)

    assert all(
        torch.equal(old, new)
        for old, new in zip(alphas, alphas_of(state).parameters(), strict=True)
    )
    assert not torch.equal(head, state.modules[CLASSES].weight)
    step.optimiser.step(1.0)
    assert not torch.equal(alphas[0], alphas_of(state).normal)


def test_classes_have_a_plain_linear_classifier_and_answers_none() -> None:
    with_classes, _, _ = build(recipe(), pictures(classes=3))
    without, _, _ = build(recipe(), pictures())

    assert with_classes.modules[CLASSES].weight.shape == (3, 6)
    assert with_classes.modules[CLASSES].bias is not None
    assert CLASSES not in without.modules


def test_an_embedding_that_does_not_fit_the_answers_is_refused() -> None:
    with pytest.raises(UsageError, match=r"supernet\.embedding is 6, and the teacher's answers 5"):
        build(recipe(), pictures(size=5))


def test_a_size_that_cannot_be_halved_is_refused_in_words() -> None:
    wrong = SearchRecipe(
        run=RunSection(length=2, engine="torch"),
        supernet=SupernetSection(width=2, cells=4, embedding=6),
        stages=(Stage(side=30),),
    )

    with pytest.raises(UsageError, match="multiple of 8"):
        build(wrong, pictures())


def passes_of(plan: SearchRecipe) -> object:
    return build(plan, pictures(size=plan.supernet.embedding))[1].passes


def test_kernels_are_taken_where_they_can_be_and_torch_elsewhere(
    engine_refusal: str | None,
) -> None:
    fit = {"width": 16, "embedding": 16, "stem_multiplier": 4, "tail": "final"}

    if engine_refusal is None:
        assert isinstance(passes_of(recipe(engine="auto", **fit)), FusedPasses)
    assert isinstance(passes_of(recipe(engine="torch", **fit)), TorchPasses)
    assert isinstance(passes_of(recipe(engine="auto")), TorchPasses)


def test_kernels_that_cannot_be_used_are_refused_with_the_reason() -> None:
    state, _, _ = build(recipe(), pictures())
    assert isinstance(state.net, Supernet)

    with pytest.raises(UsageError, match="tail of final networks"):
        choose_passes(recipe(engine="fused"), state.net, torch.device("cpu"))
    with pytest.raises(UsageError, match="run on a CPU"):
        choose_passes(recipe(engine="fused"), state.net, torch.device("cuda"))
