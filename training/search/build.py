"""The parts of a search, put together from its recipe."""

import logging
from typing import cast

import torch
from torch import nn

from core.errors import UsageError
from training.device import choose_device, prepare
from training.engine.state import Saveable, State, new_state
from training.nets.pocketnet import Shape
from training.optim import Optimiser
from training.recipe.search import SearchRecipe
from training.recipe.sections import OptimSection
from training.search.fused import FusedPasses, refused
from training.search.history import History
from training.search.pictures import Pictures
from training.search.space import ALPHAS, Alphas
from training.search.step import CLASSES, Objective, Passes, SearchStep, TorchPasses
from training.search.supernet import Supernet, SupernetShape

log = logging.getLogger(__name__)


def build(
    recipe: SearchRecipe, pictures: Pictures, local_rank: int = 0
) -> tuple[State, SearchStep, History]:
    """A fresh supernet with fresh alphas, its step, and an empty history; the same for one seed.

    Raises:
        UsageError: The input size cannot be halved, or the embedding does not fit the teacher's.
    """
    section, alphas = recipe.supernet, recipe.alphas
    answers = pictures.answer_size
    if answers not in (0, section.embedding):
        reason = f"supernet.embedding is {section.embedding}, and the teacher's answers {answers}"
        raise UsageError(reason=reason)
    plan = SupernetShape(
        Shape(section.width, section.cells, section.embedding),
        section.stem_multiplier,
        section.tail,
        section.operations,
    )
    prepare(recipe.run)
    try:
        net = Supernet(plan, recipe.stages[0].side)
    except ValueError as error:
        raise UsageError(reason=str(error)) from error
    modules: dict[str, nn.Module] = {"net": net, ALPHAS: Alphas(section.operations)}
    if pictures.classes:
        modules[CLASSES] = nn.Linear(section.embedding, pictures.classes)
    history = History(section.operations, recipe.goal.rule)
    optim = OptimSection(
        kind="adamw",
        coupled=True,
        decay_all=True,
        rate=alphas.rate,
        beta1=alphas.beta1,
        beta2=alphas.beta2,
        weight_decay=alphas.weight_decay,
    )
    device = choose_device(recipe.run, local_rank)
    optimiser = Optimiser({ALPHAS: modules[ALPHAS].to(device)}, optim)
    extras: dict[str, Saveable] = {"alphas": optimiser, "history": history}
    state = new_state(
        modules, recipe, "search", apart=(ALPHAS,), extras=extras, local_rank=local_rank
    )
    step = SearchStep(
        Objective("top1" if pictures.classes else "cosine"),
        alphas.order,
        recipe.optim.rate,
        optimiser,
        choose_passes(recipe, net, device),
    )
    return state, step, history


def choose_passes(recipe: SearchRecipe, net: Supernet, device: torch.device) -> Passes:
    """What computes gradients: the fused kernels where they can, unless the recipe wants torch.

    Raises:
        UsageError: The recipe insists on the kernels, and they cannot be used.
    """
    run = recipe.run
    if run.engine == "torch":
        return TorchPasses()
    if device.type != "cpu":
        reason: str | None = "the fused kernels run on a CPU"
    elif run.compile:
        reason = "torch.compile is of the torch engine"
    else:
        reason = refused(net)
    if reason is None:
        exact = run.precision == "fp32" or recipe.alphas.order == "second"
        return FusedPasses(net, "fp32" if exact else "bf16", run.threads)
    if run.engine == "fused":
        raise UsageError(reason=reason)
    log.info("torch computes the gradients: %s", reason)
    return TorchPasses()


def alphas_of(state: State) -> Alphas:
    """The architecture parameters of a search."""
    return cast(Alphas, state.modules[ALPHAS])
