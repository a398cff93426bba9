"""Strict reading of recipes.

An unknown key, a missing key or a wrong type is an error that names the key, and the nearest
known one where there is one. `--set section.key=value` goes through the same reader.
"""

import difflib
import tomllib
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from training.errors import RecipeError
from training.recipe.sections import Section

MAX_RECIPE_BYTES = 256 * 1024  # a recipe is about 1 kB; anything longer is not one

Kind = TypeVar("Kind", bound=Section)


def read_recipe(path: Path, kind: type[Kind], changes: Sequence[str] = ()) -> Kind:
    """A recipe from a TOML file.

    Args:
        kind: Which recipe it must be.
        changes: `section.key=value` each, the value as TOML; a bare word is a string. A member of
            a list is named by its number: `stages.0.side=64`.

    Raises:
        RecipeError: Unreadable, or not what a recipe must be.
    """
    try:
        data = path.read_bytes()
        if len(data) > MAX_RECIPE_BYTES:
            raise RecipeError(path=path, reason="it is larger than any recipe")
        tree = tomllib.loads(data.decode("utf-8"))
    except RecursionError as error:
        raise RecipeError(path=path, reason="it is nested too deeply") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(path=path, reason=str(error)) from error
    for change in changes:
        _apply(path, tree, change)
    _check_keys(path, "", tree, kind)
    try:
        return msgspec.convert(tree, kind)
    except msgspec.ValidationError as error:
        raise RecipeError(path=path, reason=str(error)) from error


def _apply(path: Path, tree: dict[str, object], change: str) -> None:
    key, equals, text = change.partition("=")
    *sections, name = key.split(".")
    place: object = tree
    for section in sections:
        if isinstance(place, list) and section.isdigit() and int(section) < len(place):
            place = place[int(section)]
        elif isinstance(place, dict):
            place = place.setdefault(section, {})
        else:
            raise RecipeError(path=path, reason=f"there is no {key} that '{change}' could set")
    if not equals or not name or not isinstance(place, dict):
        raise RecipeError(path=path, reason=f"'{change}' is not of the form section.key=value")
    try:
        place[name] = tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        place[name] = text


def _check_keys(path: Path, prefix: str, table: object, kind: type[msgspec.Struct]) -> None:
    """Refuse unknown keys at any depth, naming the nearest known one."""
    if not isinstance(table, dict):
        return
    kinds = {field.encode_name: _section_of(field.type) for field in msgspec.structs.fields(kind)}
    for key, value in table.items():
        if key not in kinds:
            near = difflib.get_close_matches(key, kinds, n=1, cutoff=0.0)
            hint = f"; did you mean {prefix}{near[0]}?" if near else ""
            raise RecipeError(path=path, reason=f"there is no key {prefix}{key}{hint}")
        inner = kinds[key]
        if inner is not None:
            for entry in value if isinstance(value, list) else [value]:
                _check_keys(path, f"{prefix}{key}.", entry, inner)


def _section_of(annotation: object) -> type[msgspec.Struct] | None:
    """The section inside a field's type: itself, one of a union, or the members of a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return annotation
    if typing.get_origin(annotation) in (tuple, list, typing.Union, types.UnionType):
        for inner in typing.get_args(annotation):
            found = _section_of(inner)
            if found is not None:
                return found
    return None
