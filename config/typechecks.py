"""The checks of complaint types: the list itself, and everything that names one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from config.complaint_types import taken_over
from config.problems import Finding, Place, printable
from config.tree import Entry, entries, names, unknown
from config.vocabulary import COMPLAINT_TYPES

PART = "complaint_types"


def shipped_types_known(tree: dict[str, Any]) -> Iterator[Finding]:
    """`from` names shipped types, each of them once in the whole list."""
    first: dict[str, Entry] = {}
    for entry in entries(tree, PART):
        for place, word in _shipped(entry):
            if word not in COMPLAINT_TYPES:
                yield unknown(place, "shipped type is called", word, list(COMPLAINT_TYPES), listed="shipped types")
            elif (owner := first.setdefault(word, entry)) is not entry or word in _earlier(entry, place):
                yield Finding(
                    place, f'the shipped type "{word}" is taken over by "{printable(str(owner.name))}" already'
                )


def types_named(tree: dict[str, Any]) -> Iterator[Finding]:
    """Routes and playbook name types that there are."""
    known = names(tree, PART) or list(COMPLAINT_TYPES)
    named = [found for route in entries(tree, "routes") for found in route.texts("when", "types")]
    for playbook in entries(tree, "alerting", "playbook"):
        named += [((*playbook.place, word), word) for word in playbook.table]
    for place, word in named:
        if word not in known:
            yield unknown(place, "complaint type is called", word, known, listed="complaint types", rests_on=PART)


def types_can_be_judged(tree: dict[str, Any]) -> Iterator[Finding]:
    """A type that takes over no shipped one needs trained heads."""
    model = tree.get("model")
    if isinstance(model, dict) and "heads" in model:
        return
    for entry in entries(tree, PART):
        if entry.name is not None and not entry.table.get("from") and not taken_over(entry.name, ()):
            yield Finding(
                entry.place,
                f'"{printable(entry.name)}" takes over no shipped type (from) and nothing is trained for it: '
                "run monitor train, then name the folder that it writes in model.heads",
                rests_on="model",
            )


def _shipped(entry: Entry) -> list[tuple[Place, str]]:
    """The shipped types that a table takes over, each with the place that says so."""
    written = list(entry.texts("from"))
    if written or entry.name is None or entry.table.get("from"):
        return written
    return [((*entry.place, "name"), word) for word in taken_over(entry.name, ())]


def _earlier(entry: Entry, place: Place) -> list[str]:
    return [word for before, word in entry.texts("from") if before < place and len(before) == len(place)]
