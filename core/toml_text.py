"""Plain values as TOML text that every TOML reader gives back unchanged."""

import json
import re
from collections.abc import Mapping, Sequence

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_DELETE = "\x7f"  # the one control character that JSON leaves as it is and TOML forbids


def to_toml(tree: Mapping[str, object]) -> str:
    """A document of text, numbers, truth values, lists and tables.

    Args:
        tree: Lists whose members are all tables become arrays of tables.

    Raises:
        TypeError: A value of another type; TOML has no word for None.
    """
    return "\n".join(_table(tree, ())).lstrip("\n") + "\n"


def _table(tree: Mapping[str, object], path: tuple[str, ...]) -> list[str]:
    lines = [
        f"{_key(name)} = {_value(value)}"
        for name, value in tree.items()
        if not isinstance(value, Mapping) and not _is_tables(value)
    ]
    for name, value in tree.items():
        inner = (*path, _key(name))
        if isinstance(value, Mapping):
            lines += ["", f"[{'.'.join(inner)}]", *_table(value, inner)]
        elif _is_tables(value):
            assert isinstance(value, Sequence), "tables stand in a list"
            for table in value:
                lines += ["", f"[[{'.'.join(inner)}]]", *_table(table, inner)]
    return lines


def _is_tables(value: object) -> bool:
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(entry, Mapping) for entry in value)
    )


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _text(name)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace(_DELETE, "\\u007f")


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case int() | float():
            return repr(value)
        case list() | tuple():
            return f"[{', '.join(_value(entry) for entry in value)}]"
        case Mapping():
            pairs = (f"{_key(name)} = {_value(entry)}" for name, entry in value.items())
            return f"{{{', '.join(pairs)}}}"
    raise TypeError(f"TOML has no word for {type(value).__name__}")
