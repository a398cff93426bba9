"""Recipes of supervised training: strict, with the published defaults."""

from pathlib import Path

import pytest

from training.errors import RecipeError
from training.recipe.reader import read_recipe
from training.recipe.train import TrainRecipe

LEAST = "[run]\nlength = 100\n[[stages]]\nside = 48\n"


def read(tmp_path: Path, text: str) -> TrainRecipe:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    return read_recipe(path, TrainRecipe)


def test_what_a_recipe_leaves_out_is_arcface_on_everybody(tmp_path: Path) -> None:
    recipe = read(tmp_path, LEAST)

    assert (recipe.head.kind, recipe.head.scale, recipe.head.sampled) == ("arcface", 64.0, 1.0)
    assert (recipe.data.held_out_share, recipe.data.fewest_crops) == (0.0, 1)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ('[head]\nkind = "softmax"', "softmax"),
        ("[head]\nsampled = 0", "sampled"),
        ("[head]\nmargin = 2", "margin"),
        ("[head]\nscales = 2", "did you mean head.scale"),
        ("[data]\nheld_out_share = 1", "held_out_share"),
        ("[data]\nhold_out_share = 0.1", "did you mean data.held_out_share"),
        ("[data]\nfewest_crops = 0", "fewest_crops"),
        ("until = 3\n[[stages]]\nuntil = 2\n[[stages]]", "must rise"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(more: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=reason):
        read(tmp_path, LEAST + more)
