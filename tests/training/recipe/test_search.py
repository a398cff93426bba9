"""The recipe of a search: the shipped ones load, what contradicts itself is refused."""

from pathlib import Path

import pytest

from training.errors import RecipeError
from training.nets.genotype import OPERATION_NAMES
from training.recipe.reader import read_recipe
from training.recipe.search import SearchRecipe

RECIPES = Path(__file__).parents[3] / "training" / "recipes"


def test_the_published_search_is_as_published() -> None:
    recipe = read_recipe(RECIPES / "search-published.toml", SearchRecipe)

    assert (recipe.supernet.width, recipe.supernet.cells) == (16, 8)
    assert recipe.supernet.stem_multiplier == 3
    assert recipe.supernet.operations == OPERATION_NAMES
    assert (recipe.alphas.order, recipe.alphas.rate) == ("second", 1.2e-3)
    assert (recipe.alphas.beta1, recipe.alphas.beta2) == (0.5, 0.999)
    assert recipe.alphas.weight_decay == 1e-3
    assert (recipe.optim.rate, recipe.optim.clip) == (0.1, 5.0)
    assert recipe.optim.rate * recipe.schedule.floor == pytest.approx(0.004)
    assert (recipe.run.length, recipe.run.unit, recipe.run.batch) == (50, "epochs", 128)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("optim.kind=muon", "one step of plain SGD"),
        ("optim.nesterov=true", "one step of plain SGD"),
        ("run.accumulate=2", "accumulate is 1"),
        ("run.precision=bf16", "too fine for bf16"),
        ("run.precision=fp16", "fp16"),
        ('supernet.operations=["none"]', "one besides none"),
        ('supernet.operations=["skip_connect", "skip_connect"]', "each candidate once"),
        ('supernet.operations=["conv_9x9"]', "conv_9x9"),
        ("supernet.cells=3", "cells"),
        ("supernet.stem_multiplier=5", "stem_multiplier"),
        ("goal.objektive=labels", "did you mean goal.objective"),
        ("alphas.order=third", "third"),
    ],
)
def test_what_cannot_be_is_refused_in_words(change: str, reason: str) -> None:
    with pytest.raises(RecipeError, match=reason):
        read_recipe(RECIPES / "search-published.toml", SearchRecipe, [change])


def test_stages_of_several_sizes_are_refused(tmp_path: Path) -> None:
    text = (RECIPES / "search-laptop.toml").read_text()
    path = tmp_path / "two.toml"
    path.write_text(text.replace("[[stages]]", "[[stages]]\nuntil = 1\nside = 48\n\n[[stages]]"))

    with pytest.raises(RecipeError, match="one input size"):
        read_recipe(path, SearchRecipe)
