"""A settings file as it was written: tables, their names and texts, whatever else is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from config.problems import Finding, Place, printable


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of a list of tables, as it was written."""

    place: Place
    table: dict[str, Any]

    @property
    def name(self) -> str | None:
        """Its name, if it has one that can be read."""
        name = self.table.get("name")
        return name.strip() if isinstance(name, str) else None

    def texts(self, *keys: str) -> Iterator[tuple[Place, str]]:
        """Each text in the list (or the one text) at the keys, with its place; nothing where there is none."""
        value: Any = self.table
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        place = (*self.place, *keys)
        if isinstance(value, str):
            yield place, value.strip()
        elif isinstance(value, list):
            yield from (((*place, i), text.strip()) for i, text in enumerate(value) if isinstance(text, str))


def entries(tree: dict[str, Any], *place: str | int) -> list[Entry]:
    """The tables of the list at the place; those that are no tables are left out."""
    value: Any = tree
    for part in place:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return []
    if isinstance(value, dict):
        return [Entry(tuple(place), value)]
    if not isinstance(value, list):
        return []
    return [Entry((*place, i), table) for i, table in enumerate(value) if isinstance(table, dict)]


def names(tree: dict[str, Any], part: str) -> list[str]:
    """The names of the tables of a part that can be read."""
    return [entry.name for entry in entries(tree, part) if entry.name is not None]


def unknown(place: Place, what: str, word: str, known: list[str], *, listed: str, rests_on: str = "") -> Finding:
    """A word that is not among those known, with the nearest one and all of them.

    The names are those of the part `rests_on`, or else of the part `listed`.
    """
    close = get_close_matches(word, known, n=1)
    hint = f'; did you mean "{close[0]}"?' if close else ""
    shown = ", ".join(map(printable, known)) or "none"
    return Finding(place, f'no {what} "{printable(word)}"{hint}; {listed}: {shown}', rests_on=rests_on or listed)
