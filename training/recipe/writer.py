"""The resolved recipe as a file: every key with its value."""

from pathlib import Path

import msgspec

from core.toml_text import to_toml
from training.recipe.sections import Section


def write_recipe(path: Path, recipe: Section) -> None:
    """Write a recipe that `read_recipe` reads back to an equal one."""
    path.write_text(to_toml(_without_none(msgspec.to_builtins(recipe))), encoding="utf-8")


def _without_none(tree: dict[str, object]) -> dict[str, object]:
    """TOML has no word for None; a key that is left out means the same."""
    return {
        name: _without_none(value) if isinstance(value, dict) else value
        for name, value in tree.items()
        if value is not None
    }
