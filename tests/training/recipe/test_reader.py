"""Recipes: strict keys, overrides through the same reader, and every shipped one loads."""

import tomllib
from pathlib import Path

import pytest

from training.errors import RecipeError
from training.recipe.distil import DistilRecipe
from training.recipe.reader import read_recipe
from training.recipe.search import SearchRecipe
from training.recipe.sections import Section
from training.recipe.train import TrainRecipe

RECIPES = sorted((Path(__file__).parents[3] / "training" / "recipes").glob("*.toml"))
SMALL = """
[run]
length = 1000

[[stages]]
until = 500
side = 48
strength = 0.3

[[stages]]
side = 64
strength = 0.3

[[teachers]]
until = 500
"""


def write(tmp_path: Path, text: str = SMALL) -> Path:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    return path


def kind_of(path: Path) -> type[Section]:
    tree = tomllib.loads(path.read_text())
    if "supernet" in tree:
        return SearchRecipe
    return TrainRecipe if "head" in tree else DistilRecipe


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_shipped_recipe_loads(path: Path) -> None:
    assert read_recipe(path, kind_of(path))


def test_a_change_replaces_a_value(tmp_path: Path) -> None:
    changes = ["run.batch=64", "run.engine=torch", "stages.1.side=112", "follow=RUN"]
    recipe = read_recipe(write(tmp_path, SMALL.partition("[[teachers")[0]), DistilRecipe, changes)

    assert (recipe.run.batch, recipe.run.engine, recipe.stages[1].side) == (64, "torch", 112)
    assert recipe.follow == "RUN"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("run.bach=64", "did you mean run.batch"),
        ("rum.batch=64", "did you mean run"),
        ("stages.0.sid=64", "did you mean stages.side"),
        ("teachers.0.modle=x", "did you mean teachers.model"),
        ("run.batch=many", "run.batch"),
        ("run.batch", "section.key=value"),
        ("stages.7.side=48", "there is no stages.7.side"),
        ("run.batch=1", ">= 2"),
        ("run.engine=gpu", "gpu"),
        ("run.length=-1", ">= 0"),
        ("stages.0.strength=2", "<= 1"),
    ],
)
def test_a_wrong_change_is_refused_in_words(change: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=reason):
        read_recipe(write(tmp_path), DistilRecipe, [change])


@pytest.mark.parametrize(
    "text",
    ["[run", "\xff", "[run]\nbatch = 2\n" + SMALL.partition("\n\n")[2], "a=" + 9_999 * "["],
    ids=["no TOML", "no text", "a key is missing", "too deep"],
)
def test_what_is_no_recipe_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_bytes(text.encode("latin-1"))

    with pytest.raises(RecipeError):
        read_recipe(path, DistilRecipe)


def test_a_missing_or_endless_recipe_is_refused(tmp_path: Path) -> None:
    (tmp_path / "long.toml").write_text("# " + 300_000 * "x")

    with pytest.raises(RecipeError):
        read_recipe(tmp_path / "none.toml", DistilRecipe)
    with pytest.raises(RecipeError, match="larger than any recipe"):
        read_recipe(tmp_path / "long.toml", DistilRecipe)
