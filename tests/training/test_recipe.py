"""Recipes: strict keys, overrides through the same reader, and every shipped one loads."""

from pathlib import Path

import pytest

from training.recipe import RecipeError, read_recipe, write_recipe

RECIPES = sorted((Path(__file__).parents[2] / "training" / "recipes").glob("*.toml"))
SMALL = """
[run]
presentations = 1000

[[stages]]
until = 500
side = 48
strength = 0.3

[[stages]]
until = 1000
side = 64
strength = 0.3
"""


def write(tmp_path: Path, text: str = SMALL) -> Path:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_shipped_recipe_loads(path: Path) -> None:
    assert read_recipe(path).stages


def test_a_change_replaces_a_value(tmp_path: Path) -> None:
    recipe = read_recipe(write(tmp_path), ["run.batch=64", "run.engine=torch", "stages.1.side=112"])

    assert (recipe.run.batch, recipe.run.engine, recipe.stages[1].side) == (64, "torch", 112)


def test_a_resolved_recipe_reads_back_equal(tmp_path: Path) -> None:
    recipe = read_recipe(write(tmp_path), ["optim.rate=0.001"])

    write_recipe(tmp_path / "resolved.toml", recipe)

    assert read_recipe(tmp_path / "resolved.toml") == recipe


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("run.bach=64", "did you mean run.batch"),
        ("rum.batch=64", "did you mean run"),
        ("stages.0.sid=64", "did you mean stages.side"),
        ("run.batch=many", "run.batch"),
        ("run.batch", "section.key=value"),
        ("batch=3", "section.key=value"),
        ("run.batch=1", "at least 2"),
        ("stages.0.until=2000", "must rise"),
        ("data.held_out_share=1.0", "between 0 and 1"),
        ("run.engine=gpu", "gpu"),
    ],
)
def test_a_wrong_change_is_refused_in_words(change: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=reason):
        read_recipe(write(tmp_path), [change])


@pytest.mark.parametrize(
    "text", ["[run", "\xff", "[run]\nbatch = 2\n" + SMALL.partition("\n\n")[2]]
)
def test_what_is_no_recipe_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_bytes(text.encode("latin-1"))

    with pytest.raises(RecipeError):
        read_recipe(path)


def test_a_missing_recipe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError):
        read_recipe(tmp_path / "none.toml")
