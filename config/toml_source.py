"""Reads a TOML text into a tree and the line of every setting, going on past mistakes of syntax."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import Any

from config.problems import Finding, Place
from config.scan import Statement, statements

_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(slots=True)
class Source:
    """A settings file as it was written.

    `broken` names the places that could not be read: what is said about them further on is not to be trusted.
    `mistakes` are the problems of syntax, each with its line.
    """

    tree: dict[str, Any] = field(default_factory=dict)
    mistakes: list[tuple[Finding, int | None]] = field(default_factory=list)
    broken: list[Place] = field(default_factory=list)
    lines: dict[Place, int] = field(default_factory=dict)

    def line_of(self, place: Place) -> int | None:
        """The line of the place, or else of what it stands in; None where nothing of it is in the file."""
        while place:
            if place in self.lines:
                return self.lines[place]
            place = place[:-1]
        return None

    def is_text(self, place: Place) -> bool:
        """Whether a text stands at the place."""
        value: Any = self.tree
        for part in place:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return False
        return isinstance(value, str)


def read_toml(text: str) -> Source:
    """The settings in a TOML text, with every mistake of syntax and every key written twice.

    Where the text is valid, the tree is exactly what `tomllib` makes of it. Where it is not, each statement that
    can be read is kept, and of a key written twice the first.
    """
    text = text.replace("\r\n", "\n")
    reading = _Reading()
    for statement in statements(text):
        reading.take(statement)
    source = reading.source
    try:
        source.tree = _parsed(text)
    except tomllib.TOMLDecodeError as error:
        if not source.mistakes:  # our own reading saw nothing wrong: take the parser's word
            message, line = _said(error, 1)
            source.mistakes.append((Finding((), message), line))
    else:  # valid after all: tomllib knows TOML better than our own reading
        source.mistakes.clear()
        source.broken.clear()
    return source


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise tomllib.TOMLDecodeError("nested too deep") from None


def _said(error: tomllib.TOMLDecodeError, first_line: int) -> tuple[str, int | None]:
    """The parser's message without its place, and the line in the whole file (its own lines start at first_line)."""
    found = _AT_LINE.search(str(error))
    message = _AT_LINE.sub("", str(error))
    line = int(found.group(1)) + first_line - 1 if found and found.group(1) else None
    hint = "; text stands in quotation marks" if message == "Invalid value" else ""
    return f"not valid TOML: {message[:1].lower()}{message[1:]}{hint}", line


class _Reading:
    """The tree as it grows, and the table that the next key belongs to."""

    def __init__(self) -> None:
        self.source = Source()
        self.table: dict[str, Any] | None = self.source.tree  # None: below a header that could not be read
        self.place: Place = ()
        self.headers: set[Place] = set()

    def take(self, statement: Statement) -> None:
        """Add one statement, or note what is wrong with it."""
        try:
            value = _parsed(statement.text)
        except tomllib.TOMLDecodeError as error:
            message, line = _said(error, statement.line)
            is_pair = statement.kind == "pair"
            self._mistake((*(self.place if is_pair else ()), *statement.key), message, line or statement.line)
            if not is_pair:
                self.table, self.place = None, ()
            return
        if not statement.key:
            self._mistake(self.place, "cannot be read", statement.line)
        elif statement.kind == "pair":
            self._take_pair(statement, value)
        else:
            self._take_header(statement)

    def _mistake(self, place: Place, message: str, line: int) -> None:
        self.source.mistakes.append((Finding(place, message), line))
        if place != self.place:  # with no key to blame, what stands around it is still good
            self.source.broken.append(place)

    def _take_pair(self, statement: Statement, value: Any) -> None:
        if self.table is None:
            return
        table, place = self.table, self.place
        for part in statement.key[:-1]:
            place = (*place, part)
            self.source.lines.setdefault(place, statement.line)
            value = value[part]
            inner = table.setdefault(part, {})
            if not isinstance(inner, dict):
                self._twice(place, statement.line)
                return
            table = inner
        last = statement.key[-1]
        place = (*place, last)
        if last in table:
            self._twice(place, statement.line)
            return
        table[last] = value[last]
        for below, line in statement.values.items():
            self.source.lines[(*place, *below)] = line
        self.source.lines[place] = statement.line

    def _twice(self, place: Place, line: int) -> None:
        first = self.source.lines.get(place)
        earlier = f", first on line {first}" if first else ""
        self.source.mistakes.append((Finding(place, f"is written twice{earlier}; keep one of them"), line))

    def _take_header(self, statement: Statement) -> None:
        table: dict[str, Any] = self.source.tree
        place: Place = ()
        for number, part in enumerate(statement.key, start=1):
            is_entry = statement.kind == "array" and number == len(statement.key)
            inner: Any = table.setdefault(part, [] if is_entry else {})
            place = (*place, part)
            self.source.lines.setdefault(place, statement.line)
            if isinstance(inner, list):
                if is_entry and all(isinstance(entry, dict) for entry in inner):
                    inner.append({})
                place = (*place, len(inner) - 1)
                inner = inner[-1] if inner else None
            elif is_entry:
                inner = None
            if not isinstance(inner, dict):
                self._mistake(place, "is written both as a value and as a table", statement.line)
                self.table = None
                return
            table = inner
        if statement.kind == "table" and place in self.headers:
            self._twice(place, statement.line)
        self.headers.add(place)
        self.source.lines.setdefault(place, statement.line)
        self.table, self.place = table, place
