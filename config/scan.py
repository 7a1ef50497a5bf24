"""Cuts a TOML text into statements and knows the line of each value; survives texts that TOML refuses.

`tomllib` says nothing about where a value stood and stops at the first mistake. This scan judges nothing: it only
finds where statements begin and end, so that each can be read by itself.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from config.problems import Place

DEEPEST = 40  # nesting of a value that is still followed; no setting nests deeper than 4

_STRING = re.compile(
    r'"""(?:\\[\s\S]|[^\\])*?"{3,5}'
    r"|'''[\s\S]*?'{3,5}"
    r'|"(?:[^"\\\n]|\\[^\n])*"'
    r"|'[^'\n]*'"
)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"(?:[ \t\n]+|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\[\]{}#\n\"']+")
_HEADER = re.compile(r"""\[\[?(?:"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'|[^\n\[\]="'#])*\]?\]?[ \t]*(?:#[^\n]*)?(?=\n|$)""")
# What can only be the start of a new statement, even where a bracket or a quotation is still open.
_RESTART = re.compile(r"^(?:\[\[?[A-Za-z_][\w.-]*\]\]?[ \t]*(?:#.*)?|[A-Za-z_][\w.-]*[ \t]*=.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Statement:
    """A header (`table`, or `array` for double brackets) or a key with its value.

    `key` is empty where it cannot be read; `values` maps each place below the key to its line.
    """

    kind: Literal["table", "array", "pair"]
    line: int
    key: tuple[str, ...]
    text: str
    values: dict[Place, int]


class _LostError(Exception):
    """The value is not in a shape that can be followed."""


def statements(text: str) -> Iterator[Statement]:
    """Every statement in the order of the text, whose lines end in a line feed. Empty text, no statement."""
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    position = _blank(text, 0)
    while position < len(text):
        header = _HEADER.match(text, position)
        end = header.end() if header else _end_of_pair(text, position)
        yield _statement(text, position, end, starts, is_header=header is not None)
        position = _blank(text, end)


def _statement(text: str, start: int, end: int, starts: list[int], *, is_header: bool) -> Statement:
    line = bisect_right(starts, start)
    double = text.startswith("[[", start)
    key, after = _key(text, start + (1 + double if is_header else 0))
    if is_header:
        return Statement("array" if double else "table", line, key, text[start:end], {})
    offsets: dict[Place, int] = {}
    if key and text.startswith("=", after):
        try:
            _walk(text, after + 1, (), offsets, 0)
        except _LostError:
            offsets = {place: offset for place, offset in offsets.items() if offset < end}
    values = {place: bisect_right(starts, offset) for place, offset in offsets.items()}
    return Statement("pair", line, key, text[start:end], values)


def _blank(text: str, position: int) -> int:
    """Past blanks, line ends and comments."""
    found = _BLANK.match(text, position)
    return found.end() if found else position


def _end_of_pair(text: str, start: int) -> int:
    """Where the statement ends: at the end of its last line, or before the next one if it was never closed."""
    position, depth = start, 0
    while position < len(text):
        char = text[position]
        if char in "\"'":
            found = _STRING.match(text, position)
            if found is None:
                return _restart(text, start)
            position = found.end()
            continue
        if char == "#":
            position = _line_end(text, position)
            continue
        if char == "\n" and (depth <= 0 or _RESTART.match(text, position + 1)):
            break
        depth += (char in "[{") - (char in "]}")
        position += 1
    return position


def _restart(text: str, start: int) -> int:
    """Before the next line that must be a statement; the end of the text if there is none."""
    line_end = _line_end(text, start)
    found = _RESTART.search(text, line_end)
    return found.start() if found else len(text)


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _key(text: str, position: int) -> tuple[tuple[str, ...], int]:
    """A dotted key and the position behind it and the blanks after it; () if there is none."""
    parts: list[str] = []
    while True:
        position = _spaces(text, position)
        found = _STRING.match(text, position) or _BARE.match(text, position)
        if found is None:
            return (), position
        parts.append(_unquoted(found.group()))
        position = _spaces(text, found.end())
        if not text.startswith(".", position):
            return tuple(parts), position
        position += 1


def _spaces(text: str, position: int) -> int:
    while text.startswith((" ", "\t"), position):
        position += 1
    return position


def _unquoted(part: str) -> str:
    if part[0] not in "\"'":
        return part
    try:
        value = tomllib.loads(f"key = {part}")["key"]
    except tomllib.TOMLDecodeError:
        return part
    return str(value)


def _walk(text: str, position: int, place: Place, offsets: dict[Place, int], depth: int) -> int:
    """Follow one value, note where it and everything in it begins, and return the position behind it."""
    position = _blank(text, position)
    offsets[place] = position
    if depth > DEEPEST:
        raise _LostError
    if text.startswith("[", position):
        return _entries(text, position + 1, place, offsets, depth)
    if text.startswith("{", position):
        return _members(text, position + 1, place, offsets, depth)
    found = _STRING.match(text, position) or _SCALAR.match(text, position)
    if found is None:
        raise _LostError
    return found.end()


def _entries(text: str, position: int, place: Place, offsets: dict[Place, int], depth: int) -> int:
    index = 0
    while not text.startswith("]", position := _blank(text, position)):
        position = _walk(text, position, (*place, index), offsets, depth + 1)
        position = _after_comma(text, position, "]")
        index += 1
    return position + 1


def _members(text: str, position: int, place: Place, offsets: dict[Place, int], depth: int) -> int:
    while not text.startswith("}", position := _blank(text, position)):
        key, position = _key(text, position)
        if not key or not text.startswith("=", position):
            raise _LostError
        position = _walk(text, position + 1, (*place, *key), offsets, depth + 1)
        position = _after_comma(text, position, "}")
    return position + 1


def _after_comma(text: str, position: int, closing: str) -> int:
    position = _blank(text, position)
    if text.startswith(",", position):
        return position + 1
    if text.startswith(closing, position):
        return position
    raise _LostError
