"""Writes TOML: the standard library only reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}
_SURROGATES = range(0xD800, 0xE000)
_SHORT = 0xFFFF  # the last code point that \\u can name
WIDTH = 100  # a list that is longer is written one entry a line


def quoted(text: str) -> str:
    """The text as a TOML basic string. Whatever is not printable is escaped, so that no file hides a character.

    Raises:
        ValueError: the text holds half of a surrogate pair, which TOML cannot carry.
    """
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    number = ord(char)
    if number in _SURROGATES:
        raise ValueError("a lone surrogate has no place in TOML")
    return f"\\u{number:04X}" if number <= _SHORT else f"\\U{number:08X}"


def toml_text(tree: Mapping[str, Any]) -> str:
    """The tree of tables, lists, texts, numbers and truths as TOML that `tomllib` reads back to an equal tree.

    None is left out, since TOML has no word for it. Values of a table stand before the tables inside it.

    Raises:
        TypeError: a value of another kind.
    """
    return "\n".join(_table(tree, ())).lstrip("\n") + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    plain = {key: value for key, value in table.items() if value is not None and not _is_tables(value, path)}
    lines = [f"{_key(key)} = {_value(value)}" for key, value in plain.items()]
    for key, value in table.items():
        if value is None or key in plain:
            continue
        name = (*path, key)
        header = ".".join(map(_key, name))
        if isinstance(value, Mapping):
            lines += ["", f"[{header}]", *_table(value, name)]
        else:
            for entry in value:
                lines += ["", f"[[{header}]]", *_table(entry, name)]
    return lines


def _is_tables(value: object, path: tuple[str, ...]) -> bool:
    """Whether the value has a header of its own; lists of small tables inside a table stand on lines instead."""
    if isinstance(value, Mapping):
        return True
    return not path and _is_list(value) and bool(value) and all(isinstance(entry, Mapping) for entry in value)


def _is_list(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    return isinstance(value, list | tuple)


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else quoted(key)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None) + " }"
    if _is_list(value):
        entries = [_value(entry) for entry in value]
        line = ", ".join(entries)
        is_short = len(line) <= WIDTH and not any(isinstance(entry, Mapping) for entry in value)
        return f"[{line}]" if is_short else "[\n" + "".join(f"  {entry},\n" for entry in entries) + "]"
    raise TypeError(f"{type(value).__name__} has no TOML form here")
