"""What is wrong with a settings file: every problem with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Place = tuple[str | int, ...]  # ("routes", 2, "channels"); list entries count from 0

_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a place, before anybody has looked for its line.

    `rests_on` names the part of the settings whose names the finding takes for complete.
    """

    place: Place
    message: str
    rests_on: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong: where, and what is allowed. Never holds a secret.

    `path` is the dotted path of the setting, "" for the whole file; `line` counts from 1, None where it has none.
    """

    path: str
    line: int | None
    message: str

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line is not None else ""
        return f"{where}{self.path}: {self.message}" if self.path else f"{where}{self.message}"


class ConfigError(Exception):
    """The settings cannot be used; holds every problem found, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def spelled(place: Place) -> str:
    """The place as people read it: `routes[2].channels`."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            shown = part if _BARE.fullmatch(part) else f'"{printable(part)}"'
            text += f".{shown}" if text else shown
    return text


def printable(text: str, longest: int = 80) -> str:
    """The text fit for a terminal: control and direction characters escaped, cut to `longest` characters."""
    shown = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text[: longest + 1])
    return shown if len(text) <= longest else shown[:longest] + "…"


def below(place: Place, above: Iterable[Place]) -> bool:
    """Whether the place is one of those given or stands inside one of them."""
    return any(place[: len(other)] == other for other in above)
