"""Labels as people write them, at the command line and in a filled-in file."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monitor.store.labels import Labels

COLUMNS = ("sentiment", "complaint", "types", "severity", "flags")
NONE = ("none", "-")  # an empty list, told from a cell that says nothing
_BETWEEN = re.compile(r"[\s,;|]+")
_YES = frozenset(("yes", "y", "true", "1"))
_NO = frozenset(("no", "n", "false", "0"))


class BadLabel(Exception):
    """Words that are no label; names the column at fault."""

    def __init__(self, column: str, why: str) -> None:
        super().__init__(why)
        self.column = column


def labels_from(words: Mapping[str, str], types: Collection[str]) -> Labels:
    """Read the words of each column; an empty or missing one says nothing, "none" means an empty list.

    Raises:
        BadLabel: a word is none of those possible, the labels contradict each other, or there are none at all.
    """
    from monitor.store.labels import given

    readers: dict[str, Callable[[str], Any]] = {
        "sentiment": _sentiment,
        "complaint": _yes_or_no,
        "types": lambda text: _each("types", text, types, "complaint type"),
        "severity": _severity,
        "flags": _flags,
    }
    found = {}
    for column, read in readers.items():
        text = words.get(column, "").strip().lower()
        if text:
            found[column] = read(text)
    try:
        return given(**found)
    except ValueError as error:
        column, _, why = str(error).partition(": ")
        raise BadLabel(column, why) from None


def _sentiment(text: str) -> Any:
    from config.vocabulary import Sentiment

    try:
        return Sentiment(text)
    except ValueError:
        raise BadLabel("sentiment", f'"{text}" is none of {_listed(list(Sentiment))}') from None


def _yes_or_no(text: str) -> bool:
    if text not in _YES | _NO:
        raise BadLabel("complaint", f'"{text}" is neither yes nor no')
    return text in _YES


def _severity(text: str) -> Any:
    from config.vocabulary import Severity

    named = {level.name.lower(): level for level in Severity} | {str(level.value): level for level in Severity}
    if text not in named:
        raise BadLabel("severity", f'"{text}" is none of 0 (no complaint), 1 (mild), 2 (serious), 3 (critical)')
    return named[text]


def _flags(text: str) -> Any:
    from config.vocabulary import Flag

    return tuple(Flag(word) for word in _each("flags", text, [flag.value for flag in Flag], "flag"))


def _each(column: str, text: str, known: Collection[str], what: str) -> tuple[str, ...]:
    if text in NONE:
        return ()
    words = tuple(word for word in _BETWEEN.split(text) if word)
    for word in words:
        if word not in known:
            raise BadLabel(column, f'no {what} is named "{word}"; there are {_listed(known)}')
    return words


def _listed(words: Collection[str]) -> str:
    return ", ".join(words)
